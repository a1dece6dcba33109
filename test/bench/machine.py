"""On what was measured: for the head of a bench's table."""
import os
import platform
import re
import subprocess


def processor():
    """(name, flags), of /proc/cpuinfo."""
    with open("/proc/cpuinfo") as file:
        info = dict(re.findall(r"^([^\t:]+)\s*: (.*)$", file.read(), re.M))
    return info.get("model name", platform.machine()), info.get("flags", "").split()


def gigabytes():
    with open("/proc/meminfo") as file:
        return int(file.readline().split()[1]) / (1 << 20)


def gcc_version():
    return subprocess.run(["gcc", "-dumpfullversion"], stdout=subprocess.PIPE, text=True).stdout.strip()


def hardware():
    return f"{processor()[0]}, {os.cpu_count()} cores, {gigabytes():.0f} GB"
