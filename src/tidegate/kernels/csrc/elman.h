// Elman's cell.
#pragma once

#include "activation.h"
#include "cell.h"

namespace tidegate {

enum class Nonlinearity { tanh, relu, sigmoid };

// h_t = g(W x_t + b + R h_{t-1} + r): Elman 1990.
template <class T, Nonlinearity G> struct Elman {
  using V = Values<T>;
  static constexpr int gates = 1, slots = 1, saved = 0, deltas = 1, peepholes = 0, span = 2;
  static constexpr int lower[] = {G == Nonlinearity::relu ? 1 : G == Nonlinearity::tanh ? -1 : 0};
  static constexpr bool has_cell = false, split = false, recurrent = true, two_stage = false, carries = false;

  static void forward(const ForwardReads<Elman> &in, ForwardWrites<Elman> &out) {
    const V sum = in.sums[0];
    if constexpr (G == Nonlinearity::relu) {
      out.h = sum <= 0 ? V{} : sum; // NaN stays NaN
    } else if constexpr (G == Nonlinearity::sigmoid) {
      out.h = sigmoid<T>(sum);
    } else {
      out.h = tanh<T>(sum);
    }
  }

  static void backward(const BackwardReads<Elman> &in, BackwardWrites<Elman> &out) {
    if constexpr (G == Nonlinearity::relu) {
      out.deltas[0] = in.h <= 0 ? V{} : out.dh; // NaN lets the gradient through
    } else if constexpr (G == Nonlinearity::sigmoid) {
      out.deltas[0] = out.dh * in.h * (1 - in.h);
    } else {
      out.deltas[0] = out.dh * (1 - in.h * in.h);
    }
  }
};

} // namespace tidegate
