"""Figures of others for the same tasks, and how their set-up differs from the one here."""

from __future__ import annotations

BAI = "Bai et al. 2018"
PUBLISHED: dict[str, tuple[str, dict[str, str]]] = {
    "adding": ("Bai, T=600", {"elman-tanh": "0.177", "lstm": "0.164", "gru": "5.3e-5", "(TCN)": "5.8e-5"}),
    "copy": ("Bai, T=1000", {"elman-tanh": "0.0202", "lstm": "0.0204", "gru": "0.0197", "(TCN)": "3.5e-5"}),
    "digits": (
        "pixel by pixel",
        {"elman-tanh": "21.5", "lstm": "87.2", "gru": "96.2", "(TCN)": "99.0", "irnn": "97 (Le)"},
    ),
}
"""Task to the heading of its column and the figure of each network."""

NOTES = """\
Published figures
  Bai, Kolter & Koltun 2018, An empirical evaluation of generic convolutional and recurrent networks for sequence
  modeling, arXiv:1803.01271, table 1. Le, Jaitly & Hinton 2015, A simple way to initialize recurrent networks of
  rectified linear units, arXiv:1504.00941, which prints curves for the adding problem, no figures.

Differences of set-up
  all        Theirs are tuned by grid search for each network and task (optimiser, rate, clipping, dropout, start); here
             every cell gets the same number of steps of Adam, the gradient clipped to norm 1, and one learning rate
             but for the exceptions named above. Their networks are of equal size, about 70,000 parameters (16,000 for
             copying); here of equal width, smaller, and their sizes are printed. Theirs is one figure; here five
             seeds, mean (least - greatest), other seeds than the one that the rates were tried on.
  adding     Theirs is T = 600, trained on 50,000 fixed sequences; here no sequence is seen twice. Le et al. use 100
             units, T = 150 to 400, 100,000 fixed sequences in batches of 16, plain gradient descent.
  copy       Theirs is a silence of 1,000 steps, here of 50: compare each with the memoryless loss, 10 ln 8 / (T + 20).
             It is 0.0204 at T = 1000: the published recurrent networks had learnt when to speak, not what to say.
             Everything stands at the same place in every sequence, which suits the feed-forward network.
  digits     Theirs reads 784 pixels one by one, here 28 rows of 28: an easier task with a memory of 28 steps.
             Le et al. train for up to a million steps.
  irnn       Input weights from U(-1/sqrt(H), 1/sqrt(H)), the layer's default; the source draws them from N(0, 0.001^2)
             and trains for far longer: in 1,000 steps that start learnt nothing at T = 100.
  lstm       torch's start, whose forget gate is half open; Bai et al. tune its bias. lstm-chrono (Tallec & Ollivier
             2018, Can recurrent neural networks warp time?, arXiv:1804.11188) is told T.
  min_gru    One layer, whose gates do not see the state (Feng et al. 2024, Were RNNs all we needed?,
             arXiv:2410.01201); the source stacks at least two."""
