"""One script on 1, 2, 3 and 4 processes: torchrun is really launched."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from eatorch.parallel import (
    evaluation_shard,
    in_turn,
    launch,
    training_shard,
    world_size,
)

# The script knows nothing of processes; only the launcher changes.
pytestmark = pytest.mark.xdist_group("parallel")  # they share a costly fixture
SCRIPT = """
import json, sys
from pathlib import Path
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from eatorch.callbacks import Checkpoint, EarlyStopping
from eatorch.metrics import Accuracy
from eatorch.training import Trainer

torch.set_num_threads(1)
folder = Path(sys.argv[1])

torch.manual_seed(0)
inputs = torch.randn(101, 6)
data = TensorDataset(inputs, inputs[:, :3].argmax(1))
model = nn.Sequential(nn.Linear(6, 40), nn.BatchNorm1d(40), nn.Dropout(),
                      nn.Linear(40, 3))
optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 2)
trainer = Trainer(model, nn.CrossEntropyLoss(), optimizer, metrics={"hits": Accuracy()},
                  scheduler=scheduler, device="cpu", accumulate=2)
train = DataLoader(data, 8, shuffle=True, generator=torch.Generator().manual_seed(3))
valid = DataLoader(data, 16)
start = trainer.evaluate(valid)
callbacks = [EarlyStopping(restore_best=False), Checkpoint(folder)]
history = trainer.fit(train, valid, epochs=int(sys.argv[2]), callbacks=callbacks)
result = {"start": start, "rows": list(history), "end": trainer.evaluate(valid),
          "predicted": trainer.predict(train).tolist()}
(folder / "result.json").write_text(json.dumps(result))
"""


def launched(folder: Path, processes: int, epochs: int) -> subprocess.Popen[str]:
    """Start the script under torchrun, or with 0 processes without it."""
    script = folder / "script.py"
    script.write_text(SCRIPT)
    launcher = [sys.executable]
    if processes:
        launcher += ["-m", "torch.distributed.run", "--standalone"]
        launcher += [f"--nproc-per-node={processes}"]
    command = [*launcher, str(script), str(folder), str(epochs)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True)


def run(folder: Path, processes: int) -> Any:
    """Return what the script has found out in two epochs."""
    process = launched(folder, processes, 2)
    said, complaints = process.communicate()
    assert process.returncode == 0, complaints
    result = json.loads((folder / "result.json").read_text())
    return {**result, "said": said.splitlines()}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return run(tmp_path_factory.mktemp("alone"), 0)


@pytest.mark.parametrize("processes", [1, 2, 4])
def test_nothing_changes_but_the_launcher(
    processes: int, alone: Any, tmp_path: Path
) -> None:
    result = run(tmp_path, processes)
    # 101 samples: the same numbers, each sample once, on any number of processes
    assert result["start"] == pytest.approx(alone["start"], rel=1e-12)
    assert result["start"]["hits"] == alone["start"]["hits"]
    assert len(result["predicted"]) == 101
    # one process speaks, and all have learned
    assert [line[:9] for line in result["said"]] == ["epoch 1/2", "epoch 2/2"]
    assert result["end"]["loss"] < result["start"]["loss"]
    assert result["rows"][-1]["valid_loss"] == pytest.approx(result["end"]["loss"])
    # what the checkpoint holds is what was measured and predicted
    predicted = torch.tensor(result["predicted"])
    torch.manual_seed(0)
    target = torch.randn(101, 6)[:, :3].argmax(1)
    hits = (predicted.argmax(1) == target).double().mean().item()
    assert result["end"]["hits"] == pytest.approx(hits)
    state = torch.load(tmp_path / "last.pt", weights_only=True)
    assert len(state["ranks"]) == processes


def test_ctrl_c_ends_all_processes_and_the_checkpoint_is_whole(tmp_path: Path) -> None:
    process = launched(tmp_path, 2, 100_000)
    assert process.stdout is not None
    process.stdout.readline()  # the first epoch is done
    process.send_signal(signal.SIGINT)
    _, complaints = process.communicate(timeout=120)
    assert process.returncode != 0
    assert "KeyboardInterrupt" in complaints or "SIGINT" in complaints
    assert torch.load(tmp_path / "last.pt", weights_only=True)["epoch"] > 0
    assert not (tmp_path / "result.json").exists()


def unbroken_and_resumed(folder: Path) -> list[list[Any]]:
    """Train three epochs at once, and two and one with all made anew in between."""
    from torch import nn

    from eatorch.training import Trainer

    def make() -> tuple[Trainer, Any]:
        torch.manual_seed(0)
        inputs = torch.randn(50, 6)
        # Wide, so that the gradients need more than one bucket of DDP.
        first = nn.Linear(6, 700), nn.BatchNorm1d(700), nn.Dropout()
        rest = nn.Linear(700, 700), nn.ReLU(), nn.Linear(700, 3)
        model = nn.Sequential(*first, *rest)
        optimizer = torch.optim.SGD(model.parameters(), 0.01, momentum=0.9)
        data = TensorDataset(inputs, inputs[:, :3].argmax(1))
        loader = DataLoader(data, 5, shuffle=True)
        return Trainer(model, nn.CrossEntropyLoss(), optimizer, device="cpu"), loader

    results = []
    for stops in ((3,), (2, 3)):
        for epochs in stops:
            trainer, loader = make()
            if epochs > stops[0]:
                trainer.resume(folder / "last.pt")
            trainer.fit(loader, epochs=epochs, progress=False)
            trainer.save(folder / "last.pt")
        results.append([list(trainer.history), trainer.model.state_dict()])
    return results


def test_resumed_is_unbroken_bit_for_bit(tmp_path: Path) -> None:
    """From three processes on thanks to the two passes that let DDP settle."""
    for unbroken, resumed in launch(unbroken_and_resumed, tmp_path, processes=3):
        assert unbroken[0] == resumed[0]
        assert all(torch.equal(unbroken[1][n], resumed[1][n]) for n in unbroken[1])


def faults() -> dict[str, Any]:
    """Collect on one of two processes what is told when things go wrong."""
    from torch import nn
    from torch.utils.data import IterableDataset, WeightedRandomSampler

    from eatorch.parallel import rank
    from eatorch.training import Trainer, TrainingError

    def tell(make: Any) -> str:
        try:
            make()
        except (TypeError, ValueError, TrainingError) as error:
            return f"{type(error).__name__}: {error}"
        return "nothing"

    class Stream(IterableDataset[Any]):
        def __iter__(self) -> Any:
            return iter([])

    class Plain:
        def reset(self) -> None: ...
        def update(self, output: Any, target: Any) -> None: ...
        def compute(self) -> float:
            return 0.0

    torch.manual_seed(0)
    data = TensorDataset(torch.randn(9, 2), torch.randn(9, 1))
    model = nn.Linear(2, 1)
    trainer = Trainer(model, nn.MSELoss(), torch.optim.SGD(model.parameters(), 1e-3))
    before = model.weight.detach().clone()
    bad = torch.full((4, 2), torch.nan if rank() else 1.0)  # on one process only
    good = (torch.ones(4, 2), torch.ones(4, 1))
    told = {
        "nan": tell(
            lambda: trainer.fit([good, (bad, good[1])], epochs=1, progress=False)
        ),
        "stream": tell(lambda: training_shard(DataLoader(Stream()))),
        "iterable": tell(lambda: trainer.evaluate({1: 2})),
        "sampler": tell(
            lambda: training_shard(
                DataLoader(data, sampler=WeightedRandomSampler([1.0] * 9, 9))
            )
        ),
        "metric": tell(
            lambda: Trainer(
                model, nn.MSELoss(), trainer.optimizer, metrics={"plain": Plain()}
            ).evaluate([good])
        ),
    }
    told["back"] = str(torch.equal(before, model.weight))
    rounds = training_shard([0, 1, 2])
    loader = DataLoader(TensorDataset(torch.arange(9)), 2, shuffle=True)
    torch.manual_seed(rank())  # the ranks' own orders would overlap
    dealt = [batch[0].tolist() for batch in evaluation_shard(loader)]
    return {**told, "rounds": rounds, "dealt": dealt}


def test_two_processes_tell_alike() -> None:
    results = launch(faults, processes=2)
    for told in results:
        assert told["nan"].startswith(
            "TrainingError: the loss became nan in epoch 1, b"
        )
        assert "The trainer is back at the end of epoch 0." in told["nan"]
        assert told["back"] == "True"
        assert told["stream"].startswith("TypeError: an IterableDataset has no indices")
        assert told["iterable"].startswith(
            "TypeError: a dict cannot be split over 2 pr"
        )
        assert told["sampler"].startswith("ValueError: train has a sampler of its own")
        assert told["metric"].startswith("TypeError: metric 'plain' needs merge_state(")
    # a short round of training is filled up, an evaluation is not
    assert [told["rounds"] for told in results] == [[0, 2], [1, 0]]
    dealt = [number for told in results for batch in told["dealt"] for number in batch]
    assert sorted(dealt) == list(range(9))


def test_alone_the_data_stay_as_they_are() -> None:
    batches = [1, 2, 3]
    loader = DataLoader(TensorDataset(torch.arange(5)), 2)
    assert world_size() == 1
    assert training_shard(batches) is batches
    assert training_shard(loader) is loader
    assert evaluation_shard(loader) is loader


def test_in_order_undoes_shuffling() -> None:
    loader = DataLoader(TensorDataset(torch.arange(5)), 2, shuffle=True, drop_last=True)
    ordered = [batch[0].tolist() for batch in evaluation_shard(loader, in_order=True)]
    assert ordered == [[0, 1], [2, 3], [4]]


def test_in_turn_undoes_dealing() -> None:
    assert in_turn([[0, 3, 6], [1, 4], [2, 5]]) == list(range(7))


@pytest.mark.parametrize("processes", [0, True, "2"])
def test_launch_wants_a_number(processes: Any) -> None:
    with pytest.raises(ValueError, match="processes must be a positive int, got"):
        launch(world_size, processes=processes)
