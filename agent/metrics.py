"""The names of what is told, with NVIDIA's own where dcgm-exporter tells the same."""

GPU_UTIL = "DCGM_FI_DEV_GPU_UTIL"
FB_USED = "DCGM_FI_DEV_FB_USED"
FB_FREE = "DCGM_FI_DEV_FB_FREE"
FB_RESERVED = "DCGM_FI_DEV_FB_RESERVED"
POWER = "DCGM_FI_DEV_POWER_USAGE"
ENERGY = "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION"
XID = "DCGM_FI_DEV_XID_ERRORS"
PROCESSES = "comptroller_gpu_processes"

HELP = {
    GPU_UTIL: "Share of the time in which a kernel ran, in percent.",
    "DCGM_FI_PROF_GR_ENGINE_ACTIVE": "Share of the time in which the engine was busy, 0 to 1.",
    "DCGM_FI_PROF_SM_ACTIVE": "Share of the SMs that were busy, 0 to 1.",
    "DCGM_FI_PROF_SM_OCCUPANCY": "Share of the warps that were resident, 0 to 1.",
    "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE": "Share of the time of the tensor cores, 0 to 1.",
    "DCGM_FI_PROF_DRAM_ACTIVE": "Share of the memory bandwidth, 0 to 1.",
    FB_USED: "Memory in use, in MiB.",
    FB_FREE: "Memory that is free, in MiB.",
    FB_RESERVED: "Memory that the driver keeps for itself, in MiB.",
    POWER: "Power draw, in W.",
    ENERGY: "Energy since the driver was loaded, in mJ.",
    XID: "The last XID error since the sampler started, 0 for none.",
    PROCESSES: "How many processes have a compute context.",
}
