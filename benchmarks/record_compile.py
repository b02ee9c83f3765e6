"""Measure once what lesson 31 tells about inductor, the compiler of torch.compile.

    python benchmarks/record_compile.py              measure and show
    python benchmarks/record_compile.py --keep       write the record of the package
    python benchmarks/record_compile.py --out FILE   write it elsewhere

The lesson itself compiles without inductor, which needs a C++ compiler and half a
minute. Each case runs in a process of its own, twice: first with an empty cache on
disk, then with what the first run has left there. After the first call, plain and
compiled calls take turns, so that a busy machine blurs both alike.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from _costs import processor
from torch import Tensor, nn
from torch.nn import functional

import eatorch

KEPT = Path(__file__).parents[1] / "src" / "eatorch" / "data" / "compile.json"
Call = Callable[[], Any]
Case = Callable[[str, bool], tuple[Call, Call]]


def network(pool: Callable[[int], nn.Module] = nn.MaxPool2d) -> nn.Module:
    """Return the layers of the network of lesson 31, for pictures of 8 x 8."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.ReLU(),
        pool(2),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.ReLU(),
        pool(2),
        nn.Flatten(),
        nn.Linear(128, 10),
    )


def bent(x: Tensor) -> Tensor:
    """Return an activation of many small steps (GELU, in its form with tanh)."""
    return 0.5 * x * (1 + torch.tanh(0.7978845608 * (x + 0.044715 * x**3)))


def chain(backend: str, tiny: bool) -> tuple[Call, Call]:
    """Eight element-wise operations in a row."""
    x = torch.linspace(-4, 4, 100 if tiny else 1_000_000)
    compiled = torch.compile(bent, backend=backend)
    return lambda: bent(x), lambda: compiled(x)


def predict(backend: str, tiny: bool) -> tuple[Call, Call]:
    """The network, forwards only."""
    net, images = network().eval(), eatorch.data.digits().images[: 8 if tiny else 512]
    compiled = torch.compile(net, backend=backend)

    def run(model: Callable[[Tensor], Tensor]) -> Tensor:
        with torch.no_grad():
            return model(images)

    return lambda: run(net), lambda: run(compiled)


def train(backend: str, tiny: bool) -> tuple[Call, Call]:
    """One step of training: forwards, loss, backwards, update."""
    return _step("", network(), tiny), _step(backend, network(), tiny)


def average(backend: str, tiny: bool) -> tuple[Call, Call]:
    """The same step with average pooling in place of max pooling."""
    plain, compiled = network(nn.AvgPool2d), network(nn.AvgPool2d)
    return _step("", plain, tiny), _step(backend, compiled, tiny)


def _step(backend: str, net: nn.Module, tiny: bool) -> Call:
    digits = eatorch.data.digits()
    size = 8 if tiny else 512
    images, targets = digits.images[:size], digits.targets[:size]
    model = torch.compile(net, backend=backend) if backend else net
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)

    def step() -> Tensor:
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(images), targets)
        loss.backward()
        optimizer.step()
        return loss.detach()

    return step


CASES: dict[str, Case] = {
    "chain": chain,
    "predict": predict,
    "train": train,
    "average": average,
}


def processor_seconds() -> float:
    """Return the CPU time of this process and of the compilers that it has started."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def mean_seconds(call: Call, times: int) -> float:
    """Return the CPU time of one call, as a mean over several."""
    begin = time.process_time()
    for _ in range(times):
        call()
    return (time.process_time() - begin) / times


def measure(name: str, backend: str, rounds: int, tiny: bool) -> dict[str, Any]:
    """Measure one case in this process: the first call, then plain against compiled."""
    torch.set_num_threads(1)
    plain, compiled = CASES[name](backend, tiny)
    expected = plain()
    clock, work = time.perf_counter(), processor_seconds()
    got = compiled()
    first = time.perf_counter() - clock, processor_seconds() - work
    torch.testing.assert_close(got, expected)
    times = 1 if tiny else max(1, int(0.1 / mean_seconds(plain, 3)))
    for call in (plain, compiled):
        mean_seconds(call, times)  # warm-up
    pairs = [
        (mean_seconds(plain, times), mean_seconds(compiled, times))
        for _ in range(rounds)
    ]
    ratios = [there / here for here, there in pairs]
    quartiles = statistics.quantiles(ratios, n=4)
    return {
        "case": name,
        "first_s": first[0],
        "first_cpu_s": first[1],
        "plain_s": statistics.median(here for here, _ in pairs),
        "compiled_s": statistics.median(there for _, there in pairs),
        "ratio": quartiles[1],
        "ratio_quartiles": [quartiles[0], quartiles[2]],
    }


def apart(name: str, options: argparse.Namespace, cache: str) -> dict[str, Any]:
    """Measure one case in a fresh process with its cache in a folder of ours."""
    command = [sys.executable, __file__, "--case", name]
    command += ["--backend", options.backend, "--rounds", str(options.rounds)]
    command += ["--quick"] * options.quick
    settings = {"OMP_NUM_THREADS": "1", "TORCHINDUCTOR_COMPILE_THREADS": "1"}
    settings["TORCHINDUCTOR_CACHE_DIR"] = cache
    done = subprocess.run(
        command, env=os.environ | settings, check=True, stdout=subprocess.PIPE
    )
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


def twice(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """Measure one case with an empty cache and again with a full one."""
    with tempfile.TemporaryDirectory() as cache:
        row, again = (apart(name, options, cache) for _ in range(2))
    row |= {f"again_{end}": again[f"first_{end}"] for end in ("s", "cpu_s")}
    return row


def compiler() -> str:
    """Return name and version of the C++ compiler, as far as it can be found."""
    try:
        told = subprocess.run(
            [os.environ.get("CXX", "g++"), "--version"],
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return "none"
    return told.stdout.splitlines()[0]


def origin(options: argparse.Namespace) -> dict[str, Any]:
    """Return where and when and by what the figures were taken."""
    command = "python benchmarks/record_compile.py"
    command += f" --rounds {options.rounds}" + " --quick" * options.quick
    if options.backend != "inductor":
        command += f" --backend {options.backend}"
    return {
        "device": f"{processor()}, {os.cpu_count()} cores, one thread",
        "torch": torch.__version__,
        "python": platform.python_version(),
        "compiler": compiler(),
        "date": datetime.now(UTC).date().isoformat(),
        "command": command,
    }


def told(record: dict[str, Any]) -> str:
    """Return a record as lines of text."""
    lines = [f"{name}: {value}" for name, value in record.items() if name != "cases"]
    lines += [
        f"{row['case']:8} first {row['first_s']:5.1f} s, "
        f"from the cache {row['again_s']:5.1f} s, "
        f"then {row['plain_s'] * 1e3:.3f} -> {row['compiled_s'] * 1e3:.3f} ms, "
        f"ratio {row['ratio']:.2f}"
        for row in record["cases"]
    ]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Measure all cases, show them and keep them if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", action="store_true", help=f"write {KEPT.name}")
    parser.add_argument("--out", type=Path, help="write the record to this file")
    parser.add_argument("--rounds", type=int, default=20, help="pairs per case")
    parser.add_argument("--backend", default="inductor")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to try it")
    parser.add_argument("--case", choices=CASES, help="one case, in this process")
    options = parser.parse_args(arguments)
    if options.rounds < 2:
        parser.error(f"--rounds must be 2 or more, for quartiles, got {options.rounds}")
    if options.case:
        print(
            json.dumps(
                measure(options.case, options.backend, options.rounds, options.quick)
            )
        )
        return
    record = origin(options) | {"cases": [twice(name, options) for name in CASES]}
    print(told(record))
    for path in [KEPT] * options.keep + [options.out] * bool(options.out):
        path.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
