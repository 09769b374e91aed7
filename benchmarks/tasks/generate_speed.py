"""Training throughput of a generator beside the same network in plain PyTorch, in one run.

Both learn from the same long text by stretches of 100 characters with the state carried on: embedding, recurrent layer,
linear output, cross-entropy, gradient clipping, AdamW. Timed are whole updates, in turns, after two that are not
counted; the ratio is of medians. One thread, whose CPU time is taken; with more --threads the time on the wall.

Usage: python -m benchmarks.tasks.generate_speed [--cell gru] [--sizes 128,256,512] [--updates 20] [--threads 1]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import torch

from tidegate.nn.dropout import Dropout
from tidegate.nn.initialisation import built
from tidegate.tasks.generation.network import GenerativeNetwork, Lost, Steps, Width
from tidegate.tasks.generation.passages import Passages, Surprise, Writing
from tidegate.tasks.generation.said import Tokens
from tidegate.tasks.network import Layers, recurrent

N_TOKENS, EMBEDDING, BATCH, STRETCH = 66, 64, 32, 100
PLAIN = {"gru": torch.nn.GRU, "lstm": torch.nn.LSTM, "elman": torch.nn.RNN}


class Plain(torch.nn.Module):
    """The network as one writes it in PyTorch."""

    def __init__(self, cell: str, hidden_size: int) -> None:
        super().__init__()
        self.vectors = torch.nn.Embedding(N_TOKENS, EMBEDDING)
        self.layers = PLAIN[cell](EMBEDDING, hidden_size)
        self.output = torch.nn.Linear(hidden_size, N_TOKENS)

    def walk(self, inputs: torch.Tensor, state: object = None) -> tuple[torch.Tensor, object]:
        """Return scores of the next token and the state."""
        made, after = self.layers(self.vectors(inputs), state)
        return self.output(made), after


def ours(cell: str, hidden_size: int) -> GenerativeNetwork:
    """Return the network of a `SequenceGenerator`."""
    generator = torch.Generator().manual_seed(0)

    def made() -> GenerativeNetwork:
        lost = Lost(Dropout(0.0, generator), variational=False)
        steps = Steps(Width(N_TOKENS, 0, 0), EMBEDDING, lost)
        layers = recurrent(Layers(cell, hidden_size, 1, bidirectional=False, dropout=0.0), steps.width, generator)
        return GenerativeNetwork(steps, layers, lost, Tokens(N_TOKENS, ends=False), tied=False)

    return built(made, generator)


def updates(network: torch.nn.Module, text: np.ndarray) -> Callable[[int], float]:
    """Return a function that makes an update and returns its seconds."""
    clock = time.thread_time if torch.get_num_threads() == 1 else time.perf_counter
    passages = Passages([text[:-1]], [text[1:]], np.arange(1), truncate=STRETCH).cut(BATCH)
    problem = Writing(network, Surprise(None), passages)
    order = passages.order(BATCH, 0)
    optimiser = torch.optim.AdamW(network.parameters(), lr=0.002, fused=True)

    def update(number: int) -> float:
        started = clock()
        optimiser.zero_grad()
        problem.loss(order(number)).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        return clock() - started

    return update


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cell", default="gru")
    parser.add_argument("--sizes", default="128,256,512")
    parser.add_argument("--updates", type=int, default=20)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    text = np.random.default_rng(0).integers(2, N_TOKENS, BATCH * STRETCH * (options.updates + 3) + 1).astype(np.int32)
    for size in map(int, options.sizes.split(",")):
        both = updates(ours(options.cell, size), text), updates(Plain(options.cell, size), text)
        seconds = np.array([[one(k) for one in both] for k in range(options.updates + 2)])[2:]
        own, plain = np.median(seconds, axis=0)
        rates = [BATCH * STRETCH / one for one in (own, plain)]
        told = f"{rates[0]:,.0f} against {rates[1]:,.0f} characters a second"
        print(f"{options.cell} {size}: {told}, {plain / own:.2f} times as fast", flush=True)


if __name__ == "__main__":
    main()
