// The minimal cells, whose gates do not see the state: Feng et al. 2024, arXiv:2410.01201. One register of units.
#pragma once

#include "activation.h"

namespace tidegate {

// g(x) = x + 0.5 for x >= 0 and sigma(x) below (appendix B.3), or x itself.
template <class T, bool Positive> inline Values<T> candidate_of(Values<T> sum) {
  if constexpr (!Positive) return sum;
  const Values<T> below = sigmoid<T>(sum);
  return sum >= 0 ? sum + T(0.5) : below;
}

// g' from g: 1 where x >= 0, that is g >= 0.5.
template <class T, bool Positive> inline Values<T> candidate_slope(Values<T> made) {
  if constexpr (!Positive) return all<T>(1);
  return made >= T(0.5) ? all<T>(1) : made * (1 - made);
}

// h_t = (1 - update_t) * h_{t-1} + update_t * candidate_t: section 3.1.3.
template <class T, bool Positive> struct MinGru {
  using V = Values<T>;
  static constexpr int gates = 2, slots = 2, saved = 2, deltas = 2, peepholes = 0, span = 1;
  static constexpr int lower[] = {0, 1}; // as in watch.h
  static constexpr bool has_cell = false, split = false, recurrent = false, two_stage = false;

  static void forward(const V *sums, const V *, V &h, V &, V *kept) {
    const V update = sigmoid<T>(sums[0]), candidate = candidate_of<T, Positive>(sums[1]);
    h = (1 - update) * h + update * candidate;
    kept[0] = update, kept[1] = candidate;
  }

  static void backward(const V *kept, const V *, V, V h_before, V, V &dh, V &, V *deltas, V *, V &) {
    const V update = kept[0], candidate = kept[1];
    deltas[0] = dh * (candidate - h_before) * update * (1 - update);
    deltas[1] = dh * update * candidate_slope<T, Positive>(candidate);
    dh *= 1 - update;
  }
};

// h_t = forget_t * h_{t-1} + input_t * candidate_t (section 3.2); normalised: both gates divided by their sum (3.2.3).
template <class T, bool Positive, bool Normalised> struct MinLstm {
  using V = Values<T>;
  static constexpr int gates = 3, slots = 3, saved = Normalised ? 5 : 3, deltas = 3, peepholes = 0, span = 1;
  static constexpr int lower[] = {0, 0, 1}; // as in watch.h
  static constexpr bool has_cell = false, split = false, recurrent = false, two_stage = false;

  static void forward(const V *sums, const V *, V &h, V &, V *kept) {
    V input, forget;
    const V candidate = candidate_of<T, Positive>(sums[2]);
    if constexpr (Normalised) {
      // sigma(a) = exp(min(a, 0)) / (1 + exp(-|a|)): the larger of the two exponentials is taken out of both, so that
      // their quotient holds where both are too small for a number.
      const V lower = sums[0] < 0 ? sums[0] : V{}, other = sums[1] < 0 ? sums[1] : V{}, larger = lower > other ? lower : other;
      const V of_input = exp_of_negative<T>(lower - larger) / (1 + exp_of_negative<T>(-magnitude<T>(sums[0])));
      const V of_forget = exp_of_negative<T>(other - larger) / (1 + exp_of_negative<T>(-magnitude<T>(sums[1])));
      const V both = of_input + of_forget;
      input = of_input / both, forget = of_forget / both;
      kept[3] = sigmoid<T>(sums[0]), kept[4] = sigmoid<T>(sums[1]);
    } else {
      input = sigmoid<T>(sums[0]), forget = sigmoid<T>(sums[1]);
    }
    h = forget * h + input * candidate;
    kept[0] = input, kept[1] = forget, kept[2] = candidate;
  }

  static void backward(const V *kept, const V *, V, V h_before, V, V &dh, V &, V *deltas, V *, V &) {
    const V input = kept[0], forget = kept[1], candidate = kept[2];
    if constexpr (Normalised) { // d odds: the slope of sigma at odds, then that of log sigma, 1 - sigma
      const V of_odds = dh * (h_before - candidate) * forget * input;
      deltas[0] = -of_odds * (1 - kept[3]);
      deltas[1] = of_odds * (1 - kept[4]);
    } else {
      deltas[0] = dh * candidate * input * (1 - input);
      deltas[1] = dh * h_before * forget * (1 - forget);
    }
    deltas[2] = dh * input * candidate_slope<T, Positive>(candidate);
    dh *= forget;
  }
};

} // namespace tidegate
