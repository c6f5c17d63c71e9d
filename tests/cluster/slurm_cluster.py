"""A real Slurm on this machine: two nodes with two fake GPUs each, accounting, and everything in one folder.

    python tests/cluster/slurm_cluster.py up FOLDER
    python tests/cluster/slurm_cluster.py down FOLDER

It needs root, and what ``make cluster-packages`` installs. Debian's Slurm lets several slurmd run on one
host. It looks for its settings in /etc/slurm, so links are put there, and nothing that is there already
is touched.
"""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

NODES, CPUS, MEMORY_MB, GPUS = ("n1", "n2"), 4, 6000, 2
PROGRAMS = ("slurmctld", "slurmd", "slurmdbd", "munged", "mariadbd", "mariadb-install-db")
SETTINGS = ("slurm.conf", "gres.conf", "slurmdbd.conf")
ETC = Path("/etc/slurm")

#: Ports of the controller, the database's door, the database, and the first node.
CONTROLLER, DOOR, DATABASE, NODE = 16817, 16820, 13306, 16821

SLURM = """
ClusterName=sandbox
SlurmctldHost=localhost
SlurmctldPort={controller}
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
SlurmctldPidFile={folder}/pid/slurmctld.pid
SlurmdPidFile={folder}/pid/slurmd-%n.pid
SlurmctldLogFile={folder}/log/slurmctld.log
SlurmdLogFile={folder}/log/slurmd-%n.log
MailProg=/bin/true
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
# A job starts within a second.
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1,defer
# More CPUs than the machine has may be declared.
SlurmdParameters=config_overrides
SlurmdTimeout=20
ReturnToService=2
KillWait=15
MinJobAge=3600
JobRequeue=1
GresTypes=gpu
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=localhost
AccountingStoragePort={door}
AccountingStoreFlags=job_comment
AccountingStorageTRES=gres/gpu
# Memory is watched without cgroups, once a second.
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=1
JobAcctGatherParams=OverMemoryKill
# Jobs of `urgent` put those of the others back into the queue after half a minute.
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
PartitionName=cpu Nodes=ALL Default=YES MaxTime=120 State=UP PriorityTier=1 GraceTime=30
PartitionName=gpu Nodes=ALL MaxTime=120 State=UP PriorityTier=1 GraceTime=30
PartitionName=urgent Nodes=ALL MaxTime=120 State=UP PriorityTier=9 PreemptMode=OFF
"""

DOORS = """
AuthType=auth/munge
DbdHost=localhost
DbdPort={door}
SlurmUser=root
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort={database}
StorageUser=slurm
StoragePass=slurm
StorageLoc=slurm_acct_db
LogFile={folder}/log/slurmdbd.log
PidFile={folder}/pid/slurmdbd.pid
"""


def missing() -> str:
    """What this machine lacks for a cluster of its own; empty: nothing."""
    if os.geteuid() != 0:
        return "not root, so no cluster can be started"
    lacking = [program for program in PROGRAMS if shutil.which(program) is None]
    if lacking:
        return f"no {', '.join(lacking)}: make cluster-packages installs Slurm and its helpers from Debian"
    there = [str(ETC / name) for name in SETTINGS if (ETC / name).exists()]
    return f"{', '.join(there)}: this machine belongs to a cluster, which is left alone" if there else ""


class Cluster:
    """``with Cluster(folder) as cluster:``; all that it started is stopped at the end, whatever happens."""

    def __init__(self, folder: Path):
        self.folder = folder.resolve()
        self._database: subprocess.Popen | None = None
        self._facts = {"folder": self.folder, "controller": CONTROLLER, "door": DOOR, "database": DATABASE}

    def __enter__(self) -> Cluster:
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _start(self) -> None:
        if lacking := missing():
            raise RuntimeError(lacking)
        for name in ("pid", "log", "state", "spool", "dev", "db", *(f"spool/{node}" for node in NODES)):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self._write_settings()
        self._start_munge()
        self._start_database()
        self.start_accounting()
        for words in (
            "cluster sandbox",
            "account lab Description=lab Organization=lab",
            "user root account=lab",
        ):
            call("sacctmgr", "-i", "add", *words.split(), check=False)
        call("slurmctld", "-i")
        for node in NODES:
            self.start_node(node)
        wait_for(lambda: states() == dict.fromkeys(NODES, "idle"), 60, "nodes that are idle")

    def start_accounting(self) -> None:
        """Start slurmdbd, and wait until it answers."""
        call("slurmdbd")
        wait_for(lambda: call("sacctmgr", "-n", "list", "cluster", check=False) is not None, 60, "slurmdbd")

    def start_controller(self) -> None:
        """Start slurmctld with the state that it left."""
        call("slurmctld")

    def start_node(self, node: str) -> None:
        """Start a node's slurmd."""
        call("slurmd", "-N", node)

    def stop(self) -> None:
        """Stop every process that was started here, and take the links out of /etc/slurm."""
        names = [f"slurmd-{node}" for node in NODES]
        for name in (*names, "slurmctld", "slurmdbd", "mariadb", "munged"):
            self.kill(name)
        if self._database is not None:
            self._database.wait()
        for step in self._steps():
            end(step, signal.SIGKILL)
        for name in SETTINGS:
            link = ETC / name
            if link.is_symlink() and Path(os.readlink(link)).parent == self.folder:
                link.unlink()

    def kill(self, name: str, number: signal.Signals = signal.SIGTERM) -> None:
        """Send a daemon a signal (of the name of its pid file) and wait until it has ended."""
        file = self.folder / "pid" / ("munge/munged.pid" if name == "munged" else f"{name}.pid")
        if file.is_file():
            end(int(file.read_text()), number)
            file.unlink(missing_ok=True)

    def kill_node(self, node: str) -> None:
        """A node that is lost: its slurmd and all that runs on it die at once."""
        steps = [pid for pid in self._steps() if f"{self.folder}/spool/{node}" in _text(pid, "environ")]
        self.kill(f"slurmd-{node}", signal.SIGKILL)
        for pid in [other for step in steps for other in (*descendants(step), step)]:
            end(pid, signal.SIGKILL)

    def _steps(self) -> list[int]:
        """The slurmstepds of this cluster's nodes, which run where slurmd keeps its log."""
        steps = [pid for pid in processes() if _text(pid, "comm").strip() == "slurmstepd"]
        return [pid for pid in steps if _cwd(pid) == str(self.folder / "log")]

    def _write_settings(self) -> None:
        lines, gres = [SLURM.format(**self._facts)], ["AutoDetect=off"]
        for number, node in enumerate(NODES):
            lines.append(
                f"NodeName={node} NodeHostname=localhost NodeAddr=127.0.0.1 Port={NODE + number} CPUs={CPUS}"
                f" RealMemory={MEMORY_MB} Gres=gpu:fake:{GPUS} State=UNKNOWN"
            )
            for gpu in range(GPUS):  # Slurm takes nothing but device files; these are /dev/null's
                device = self.folder / "dev" / f"{node}g{gpu}"
                if not device.exists():
                    os.mknod(device, stat.S_IFCHR | 0o666, os.makedev(1, 3))
            gres.append(f"NodeName={node} Name=gpu Type=fake File={self.folder}/dev/{node}g[0-{GPUS - 1}]")
        texts = ("\n".join(lines), "\n".join(gres), DOORS.format(**self._facts))
        ETC.mkdir(exist_ok=True)
        for name, text in zip(SETTINGS, texts, strict=True):
            (self.folder / name).write_text(text.strip() + "\n", encoding="utf-8")
            (self.folder / name).chmod(0o600 if name == "slurmdbd.conf" else 0o644)
            (ETC / name).symlink_to(self.folder / name)

    def _start_munge(self) -> None:
        if call("munge", "-n", check=False) is not None:
            return  # one runs already, which is not ours to stop
        place = self.folder / "pid" / "munge"
        for folder in (place, Path("/run/munge")):
            folder.mkdir(exist_ok=True)
            folder.chmod(0o755)
            shutil.chown(folder, "munge", "munge")
        os.chmod(self.folder, 0o755)
        call("runuser", "-u", "munge", "--", "munged", f"--pid-file={place}/munged.pid")

    def _start_database(self) -> None:
        data, socket = self.folder / "db", self.folder / "db.sock"
        own = ("--no-defaults", "--user=root", f"--datadir={data}")
        if not (data / "mysql").is_dir():
            call("mariadb-install-db", *own, "--auth-root-authentication-method=normal")
        with open(self.folder / "log" / "mariadb.log", "w", encoding="utf-8") as log:
            self._database = subprocess.Popen(
                ("mariadbd", *own, f"--socket={socket}", f"--port={DATABASE}", "--bind-address=127.0.0.1",
                 f"--pid-file={self.folder}/pid/mariadb.pid", "--innodb-lock-wait-timeout=900"),
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

        def ask(sql: str) -> str | None:
            return call("mariadb", "--no-defaults", "-S", str(socket), "-uroot", "-e", sql, check=False)

        wait_for(lambda: ask("select 1") is not None, 60, "MariaDB")
        ask("create database if not exists slurm_acct_db")
        for host in ("127.0.0.1", "localhost"):
            ask(f"create user if not exists slurm@'{host}' identified by 'slurm'")
            ask(f"grant all on slurm_acct_db.* to slurm@'{host}'")


def call(*command: str, check: bool = True) -> str | None:
    """What a command prints; None where it failed and ``check`` is not asked for."""
    done = subprocess.run(command, text=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=120)
    if done.returncode == 0:
        return done.stdout
    if check:
        raise RuntimeError(f"{' '.join(command)}: exit code {done.returncode}: {done.stdout}{done.stderr}")
    return None


def wait_for(is_so: Callable[[], object], seconds: float, what: str) -> None:
    """Ask until it is so; RuntimeError when that takes too long."""
    late = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > late:
            raise RuntimeError(f"no {what} after {seconds:.0f} s")
        time.sleep(0.2)


def states() -> dict[str, str]:
    """Node -> state, as sinfo says."""
    lines = (call("sinfo", "-h", "-N", "-p", "cpu", "-o", "%N %T", check=False) or "").splitlines()
    return dict(line.split() for line in lines)


def processes() -> list[int]:
    """Every process of this machine that can be seen."""
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def descendants(pid: int) -> list[int]:
    """The processes that come from one."""
    parents: dict[int, list[int]] = {}
    for other in processes():
        after = _text(other, "stat").rpartition(")")[2].split()
        if after:
            parents.setdefault(int(after[1]), []).append(other)
    found, waiting = [], [pid]
    while waiting:
        children = parents.get(waiting.pop(), [])
        found += children
        waiting += children
    return found


def end(pid: int, number: signal.Signals, seconds: float = 20) -> None:
    """Send a process a signal and wait until it is gone; at last it is killed."""
    for sent, patience in ((number, seconds), (signal.SIGKILL, 5)):
        try:
            os.kill(pid, sent)
        except ProcessLookupError:
            return
        late = time.monotonic() + patience
        while time.monotonic() < late:
            if _text(pid, "stat").rpartition(")")[2].split()[:1] in ([], ["Z"]):
                return
            time.sleep(0.1)


def _cwd(pid: int) -> str:
    try:
        return os.readlink(f"/proc/{pid}/cwd")
    except OSError:
        return ""


def _text(pid: int, file: str) -> str:
    try:
        return Path(f"/proc/{pid}/{file}").read_text(errors="replace")
    except OSError:
        return ""


def main(action: str, folder: str) -> None:
    cluster = Cluster(Path(folder))
    if action == "up":
        cluster.__enter__()
        print(call("sinfo"))
    else:
        cluster.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
