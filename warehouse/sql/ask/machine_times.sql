-- Which pool a machine was in, and when: by the provider's ResourceId, by host, by GPU; with the
-- machine's host (its ResourceId where it has no host name) and accelerators.
-- with machine
SELECT kind, name, pool, machine_host, accelerator_model, accelerator_count, begins, ends, reach
FROM machine
