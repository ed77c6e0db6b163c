"""A real Spark cluster from the pyspark wheel: one master, two workers, and Spark Connect."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from threading import Thread

DEPLOY = "org.apache.spark.deploy"
CONNECT = "org.apache.spark.sql.connect.service.SparkConnectServer"
SMALL: Mapping[str, str] = {
    "spark.cores.max": "2",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "512m",
    "spark.executor.cores": "1",
    "spark.executor.memory": "512m",
    "spark.executor.extraJavaOptions": "-XX:+UseSerialGC",
    "spark.sql.shuffle.partitions": "2",
}
"""How a test uses the cluster: one core and 512 MB of each worker."""


@dataclass(frozen=True)
class Cluster:
    """A running cluster: the master's address, and what its processes are started with."""

    url: str
    folder: Path
    environment: Mapping[str, str]


@contextmanager
def spark_cluster(workers: int = 2, memory: str = "1g") -> Iterator[Cluster]:
    """Start a standalone cluster on free ports of this machine; end it at the end."""
    folder = Path(tempfile.mkdtemp(prefix="comptroller-spark-"))
    url = f"spark://127.0.0.1:{free_port()}"
    cluster = Cluster(url, folder, _environment(folder))
    size = ["--cores", "2", "--memory", memory, "--host", "127.0.0.1"]
    try:
        with ExitStack() as running:
            address = ["--host", "127.0.0.1", "--port", url.rpartition(":")[2], *_ui()]
            started = _started(cluster, f"{DEPLOY}.master.Master", *address)
            master = running.enter_context(started)
            _wait_for(master, "I have been elected leader")
            for _ in range(workers):
                started = _started(cluster, f"{DEPLOY}.worker.Worker", *size, *_ui(), url)
                _drain(running.enter_context(started))
            _wait_for(master, "Registering worker", times=workers)
            _drain(master)
            yield cluster
    finally:
        shutil.rmtree(folder)


@contextmanager
def spark_connect(cluster: Cluster) -> Iterator[str]:
    """Start Spark Connect on ``cluster``; give its ``sc://`` address."""
    port = free_port()
    settings = {
        **SMALL,
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": str(port),
        "spark.ui.enabled": "false",
    }
    options = [word for key, value in settings.items() for word in ("--conf", f"{key}={value}")]
    submit = [f"{DEPLOY}.SparkSubmit", "--class", CONNECT, "--master", cluster.url, *options]
    larger = replace(cluster, environment={**cluster.environment, "SPARK_DAEMON_MEMORY": "512m"})
    with _started(larger, *submit, "spark-internal") as server:
        _wait_for(server, "Spark Connect server started")
        _drain(server)
        yield f"sc://127.0.0.1:{port}"


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _environment(folder: Path) -> dict[str, str]:
    found = find_spec("pyspark")
    assert found is not None
    assert found.origin is not None
    return {
        **os.environ,
        "SPARK_HOME": str(Path(found.origin).parent),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_LOCAL_DIRS": str(folder / "local"),
        "SPARK_WORKER_DIR": str(folder / "work"),
        "SPARK_DAEMON_MEMORY": "256m",
        "SPARK_DAEMON_JAVA_OPTS": "-XX:+UseSerialGC",
    }


def _ui() -> list[str]:
    return ["--webui-port", str(free_port())]


@contextmanager
def _started(cluster: Cluster, *command: str) -> Iterator[subprocess.Popen[str]]:
    launcher = Path(cluster.environment["SPARK_HOME"]) / "bin" / "spark-class"
    process = subprocess.Popen(
        [str(launcher), *command],
        env=dict(cluster.environment),
        cwd=cluster.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def _wait_for(process: subprocess.Popen[str], words: str, times: int = 1) -> None:
    """Read what the process says until it has said ``words`` so often."""
    assert process.stdout is not None
    said: list[str] = []
    for line in process.stdout:
        said.append(line)
        times -= words in line
        if times == 0:
            return
    raise AssertionError(f"{words!r} was not said in:\n{''.join(said)}")


def _drain(process: subprocess.Popen[str]) -> None:
    """Go on reading, so that the process never waits for a reader."""
    Thread(target=_read_all, args=[process.stdout], daemon=True).start()


def _read_all(lines: Iterator[str]) -> None:
    try:
        for _ in lines:
            pass
    except ValueError:  # The file was closed while this thread read it: the end.
        return
