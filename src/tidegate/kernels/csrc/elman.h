// Elman's cell, one register of units.
#pragma once

#include "activation.h"

namespace tidegate {

enum class Nonlinearity { tanh, relu, sigmoid };

// h_t = g(W x_t + b + R h_{t-1} + r): Elman 1990.
template <class T, Nonlinearity G> struct Elman {
  using V = Values<T>;
  static constexpr int gates = 1;      // row blocks of the weights
  static constexpr int slots = 1;      // sums per unit
  static constexpr int saved = 0;      // kept for backward: h_t itself is enough
  static constexpr int deltas = 1;     // gradients of the sums
  static constexpr int peepholes = 0;
  static constexpr int span = 2;       // registers of units that are summed together
  static constexpr int lower[] = {G == Nonlinearity::relu ? 1 : G == Nonlinearity::tanh ? -1 : 0}; // as in watch.h
  static constexpr bool has_cell = false, split = false, recurrent = true, two_stage = false;

  static void forward(const V *sums, const V *, V &h, V &, V *) {
    if constexpr (G == Nonlinearity::relu) {
      h = sums[0] <= 0 ? V{} : sums[0]; // NaN stays NaN
    } else if constexpr (G == Nonlinearity::sigmoid) {
      h = sigmoid<T>(sums[0]);
    } else {
      h = tanh<T>(sums[0]);
    }
  }

  // dh: gradient of h_t; on return that part of h_{t-1}'s which does not pass through the sums, here nothing.
  static void backward(const V *, const V *, V h, V, V, V &dh, V &, V *deltas, V *, V &) {
    if constexpr (G == Nonlinearity::relu) {
      deltas[0] = h <= 0 ? V{} : dh; // NaN lets the gradient through
    } else if constexpr (G == Nonlinearity::sigmoid) {
      deltas[0] = dh * h * (1 - h);
    } else {
      deltas[0] = dh * (1 - h * h);
    }
    dh = V{};
  }
};

} // namespace tidegate
