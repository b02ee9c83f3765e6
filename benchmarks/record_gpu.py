"""Measure once on a real GPU what lesson 30 shows to readers who have none.

    python benchmarks/record_gpu.py              measure and show
    python benchmarks/record_gpu.py --keep       write the record that the package ships
    python benchmarks/record_gpu.py --out FILE   write it elsewhere

Every time is the median of several runs after a warm-up, and the clock waits for the
device before it starts and before it stops. One column leaves the waiting out, on
purpose: the lesson explains how such a time lies.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from _costs import processor
from torch import Tensor, nn
from torch.nn import functional

from eatorch.recorded import gpu_report

KEPT = Path(__file__).parents[1] / "src" / "eatorch" / "data" / "gpu.json"
CPU = torch.device("cpu")
Row = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """How much to measure."""

    sizes: tuple[int, ...] = tuple(2**n for n in range(3, 14))
    largest_on_cpu: int = 4096  # beyond, the CPU would take minutes
    tall: tuple[int, int] = (10_000, 200)
    points: int = 1_000_000
    epochs: int = 500
    megabytes: tuple[int, ...] = (1, 16, 256)
    width: int = 2048
    batch: int = 4096
    repeats: int = 10
    warmup: int = 3


QUICK = Plan(
    sizes=(8, 16),
    tall=(32, 4),
    points=100,
    epochs=3,
    megabytes=(1,),
    width=16,
    batch=8,
    repeats=2,
    warmup=1,
)


def wait_for(device: torch.device) -> None:
    """Wait until the device has done all its work; a CPU has when a call returns."""
    if device.type != "cpu":
        torch.accelerator.synchronize(device)


def seconds(
    work: Callable[[], Any], device: torch.device, plan: Plan, *, wait: bool = True
) -> float:
    """Return the median time of one call; ``wait=False`` times it wrongly."""
    for _ in range(plan.warmup):
        work()
    times = []
    for _ in range(plan.repeats):
        wait_for(device)
        start = time.perf_counter()
        work()
        if wait:
            wait_for(device)
        times.append(time.perf_counter() - start)
    wait_for(device)
    return statistics.median(times)


def products(device: torch.device, plan: Plan) -> Iterator[Row]:
    """Time square matrix products on both devices, rightly and wrongly."""
    for size in plan.sizes:
        here, there = (torch.randn(size, size, device=d) for d in (CPU, device))
        small = size <= plan.largest_on_cpu
        yield {
            "size": size,
            "cpu_s": seconds(lambda a=here: a @ a, CPU, plan) if small else None,
            "device_s": seconds(lambda a=there: a @ a, device, plan),
            "moved_s": seconds(
                lambda a=here: (a.to(device) @ a.to(device)).cpu(), device, plan
            ),
            "not_waited_s": seconds(lambda a=there: a @ a, device, plan, wait=False),
        }


def first_calls(device: torch.device, plan: Plan) -> list[Row]:
    """Time the very first product of this process on the device, and the second."""
    start = time.perf_counter()
    matrix = torch.randn(plan.sizes[0], plan.sizes[0], device=device)
    rows = []
    for call in ("first, with start-up", "second"):
        _ = matrix @ matrix
        wait_for(device)
        rows.append({"call": call, "device_s": time.perf_counter() - start})
        start = time.perf_counter()
    return rows


def pays_from(rows: list[Row], column: str) -> int | None:
    """Return the smallest size from which on the device wins, None if it never does."""
    paying = None
    for row in rows:
        wins = row["cpu_s"] is None or row[column] < row["cpu_s"]
        paying = (paying or row["size"]) if wins else None
    return paying


def classics(device: torch.device, plan: Plan) -> Iterator[Row]:
    """Time two well-known examples: a tall matrix product and a linear regression."""
    long, short = plan.tall
    for title, make in {
        f"({long}, {short}) @ ({short}, {long})": lambda d: _tall(d, long, short),
        f"regression, {plan.points} points, {plan.epochs} epochs": lambda d: (
            _regression(d, plan)
        ),
    }.items():
        once = Plan(repeats=min(3, plan.repeats), warmup=1)
        cpu, there = (seconds(make(d), d, once) for d in (CPU, device))
        yield {"example": title, "cpu_s": cpu, "device_s": there}


def _tall(device: torch.device, long: int, short: int) -> Callable[[], Tensor]:
    left = torch.randn(long, short, device=device)
    return lambda: left @ left.mT


def _regression(device: torch.device, plan: Plan) -> Callable[[], None]:
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(plan.points, 2, generator=generator)
    y = x @ torch.tensor([[2.0], [-3.0]]) + 10
    x, y = x.to(device), y.to(device)

    def fit() -> None:
        model = nn.Linear(2, 1).to(device)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(plan.epochs):
            optimizer.zero_grad()
            functional.mse_loss(model(x), y).backward()
            optimizer.step()

    return fit


def transfers(device: torch.device, plan: Plan) -> Iterator[Row]:
    """Time copies to the device out of ordinary and pinned memory, and back."""
    for megabytes in plan.megabytes:
        pageable = torch.randn(megabytes * 2**18)
        there = pageable.to(device)
        yield {
            "megabytes": megabytes,
            "pageable_s": seconds(lambda t=pageable: t.to(device), device, plan),
            **_pinned(pageable, device, plan),
            "back_s": seconds(lambda t=there: t.cpu(), device, plan),
        }


def _pinned(pageable: Tensor, device: torch.device, plan: Plan) -> Row:
    if device.type != "cuda":
        return {"pinned_s": None, "pinning_s": None}
    pinned = pageable.pin_memory()
    return {
        "pinned_s": seconds(lambda: pinned.to(device, non_blocking=True), device, plan),
        "pinning_s": seconds(pageable.pin_memory, CPU, plan),
    }


@contextmanager
def tf32() -> Iterator[None]:
    """Let float32 products round their inputs to 10 bits, for a while."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


def ways(device: torch.device) -> dict[str, Callable[[], AbstractContextManager[Any]]]:
    """Return the precisions to train with; TF32 exists on CUDA devices only."""
    bf16 = torch.bfloat16
    known: dict[str, Callable[[], AbstractContextManager[Any]]] = {
        "float32": nullcontext,
        "TF32": tf32,
        "bfloat16, autocast": lambda: torch.autocast(device.type, dtype=bf16),
    }
    return {n: way for n, way in known.items() if n != "TF32" or device.type == "cuda"}


def training(device: torch.device, plan: Plan) -> Iterator[Row]:
    """Time one training step and measure its memory, by precision."""
    for name, way in ways(device).items():
        step = _step(device, plan.width, plan.batch, way)
        counts = device.type not in ("cpu", "mps")  # of memory
        if counts:
            torch.accelerator.reset_peak_memory_stats(device)
        yield {
            "precision": name,
            "device_s": seconds(step, device, plan),
            "peak_bytes": torch.accelerator.max_memory_allocated(device)
            if counts
            else None,
        }


def small_model(device: torch.device, plan: Plan) -> Iterator[Row]:
    """Time one step of a network that is too small for a GPU, and of a larger one."""
    for width, batch in ((16, 32), (plan.width, plan.batch)):
        cpu, there = (
            seconds(_step(d, width, batch, nullcontext), d, plan) for d in (CPU, device)
        )
        yield {"width": width, "batch": batch, "cpu_s": cpu, "device_s": there}


def _step(
    device: torch.device,
    width: int,
    batch: int,
    way: Callable[[], AbstractContextManager[Any]],
) -> Callable[[], None]:
    torch.manual_seed(0)
    layers = [nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU()]
    model = nn.Sequential(*layers, nn.Linear(width, 10)).to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    inputs = torch.randn(batch, width).to(device)
    targets = torch.randint(10, (batch,)).to(device)

    def step() -> None:
        optimizer.zero_grad()
        with way():
            loss = functional.cross_entropy(model(inputs), targets)
        with tf32() if way is tf32 else nullcontext():
            loss.backward()
        optimizer.step()

    return step


def measure(device: torch.device, plan: Plan, command: str) -> Row:
    """Return the whole record."""
    first = first_calls(device, plan)  # before anything else warms the device up
    squares = list(products(device, plan))
    tables = {
        "first calls": first,
        "product of two square matrices": squares,
        "two classic examples": list(classics(device, plan)),
        "copies": list(transfers(device, plan)),
        "one training step, by precision": list(training(device, plan)),
        "one training step, small and large": list(small_model(device, plan)),
    }
    return {
        "device": name_of(device),
        "kind": device.type,
        "cpu": name_of(CPU),
        "cpu_threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "python": platform.python_version(),
        "date": datetime.now(UTC).date().isoformat(),
        "command": command,
        "pays_from": pays_from(squares, "device_s"),
        "pays_from_with_copies": pays_from(squares, "moved_s"),
        "tables": tables,
    }


def name_of(device: torch.device) -> str:
    """Return the name that the maker gave to the device."""
    if device.type == "cpu":
        return processor()
    module = torch.get_device_module(device)
    named = getattr(module, "get_device_name", None)
    return str(named(device)) if named else device.type


def parsed(arguments: list[str]) -> argparse.Namespace:
    """Read the command line; refuse to keep what was not measured on a GPU."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--keep", action="store_true", help=f"write {KEPT.name}")
    where.add_argument("--out", type=Path, help="write the record to this file")
    parser.add_argument("--device", help="default: the accelerator of this machine")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to try it")
    options = parser.parse_args(arguments)
    found = torch.accelerator.current_accelerator(check_available=True)
    options.device = torch.device(options.device) if options.device else found
    real = options.device is not None and options.device.type != "cpu"
    if options.out and options.out.resolve() == KEPT.resolve():
        options.keep = True
    if options.keep and (options.quick or not real):
        parser.error(
            f"--keep writes {KEPT.name}, which must come from an accelerator and from "
            f"the full sizes, got device {options.device}"
            f"{' and --quick' if options.quick else ''}; use --out FILE to try"
        )
    return options


def main(arguments: list[str] | None = None) -> None:
    """Measure, show, and write where that was asked for."""
    arguments = sys.argv[1:] if arguments is None else arguments
    options = parsed(arguments)
    if options.device is None:
        print("There is no accelerator here, so there is nothing to record.")
        return
    plan = QUICK if options.quick else Plan()
    told = [f"--device {options.device}"] * ("--device" in " ".join(arguments))
    told += ["--quick"] * options.quick
    command = " ".join(["python benchmarks/record_gpu.py", *told])
    record = measure(options.device, plan, command)
    print(gpu_report(record))
    target = KEPT if options.keep else options.out
    if target:
        target.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        print(f"\nwritten to {os.path.relpath(target)}")


if __name__ == "__main__":
    main()
