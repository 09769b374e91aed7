// exp, sigmoid and tanh of a register: within 3 units in the last place, monotone, with exact limits; NaN stays NaN.
//
// Results below the smallest normal number are as exact as their spacing allows, unless the processor is told to flush
// them to zero. tanh is odd bit by bit and, like sigmoid, never beyond 1.
#pragma once

#include "vector.h"

namespace tidegate {

// exp(x) = 2^n (1 + r + r^2 q(r)) with x = n ln 2 + r, |r| <= ln 2 / 2 (Cody & Waite 1980, chapter 6). q is the
// polynomial whose largest error, relative to exp(r) - 1, is least. Adding `round`, 1.5 times the number whose last bit
// is worth 1, rounds to a whole number and leaves it in the last bits, from where a shift makes it an exponent.
// The bounds are variables because GCC makes one max or min of a comparison only where neither side is a constant.
template <class T> struct Exponential;

template <> struct Exponential<float> {
  typedef std::uint32_t Words __attribute__((vector_size(TIDEGATE_VECTOR_BYTES)));
  static constexpr std::uint32_t sign = 0x80000000u;
  static constexpr int mantissa = 23, bias = 127;
  static constexpr float round = 12582912.0f, log2e = 1.44269504088896341f, ln2 = 0.693147180559945309f;
  static constexpr float ln2_high = 0.693145751953125f, ln2_low = 1.42860682030941723e-6f; // n ln2_high is exact
  static constexpr float one = 0x1p-64f; // sigmoid's, so that its terms neither overflow nor vanish
  static constexpr int one_exponent = -64;
  static inline float exp_lowest = -104.5f, exp_highest = 89.0f;         // 0 below, infinite above
  static inline float sigmoid_lowest = -104.5f, sigmoid_highest = 32.0f; // 0 below, 1 above
  static inline float tanh_lowest = -20.0f;                              // of -2|x|: 1 below

  static Values<float> q(Values<float> r, Values<float> r2) {
    return (0.49999985f + r * 0.16666521f) + r2 * ((0.041670144f + r * 0.008368695f) + r2 * 0.0013726756f);
  }
};

template <> struct Exponential<double> {
  typedef std::uint64_t Words __attribute__((vector_size(TIDEGATE_VECTOR_BYTES)));
  static constexpr std::uint64_t sign = 0x8000000000000000u;
  static constexpr int mantissa = 52, bias = 1023;
  static constexpr double round = 6755399441055744.0, log2e = 1.44269504088896341, ln2 = 0.693147180559945309;
  static constexpr double ln2_high = 6.93147180369123816490e-1, ln2_low = 1.90821492927058770002e-10;
  static constexpr double one = 0x1p-512;
  static constexpr int one_exponent = -512;
  static inline double exp_lowest = -746.0, exp_highest = 710.0;
  static inline double sigmoid_lowest = -746.0, sigmoid_highest = 64.0;
  static inline double tanh_lowest = -48.0;

  static Values<double> q(Values<double> r, Values<double> r2) {
    Values<double> sum = 2.762553202819355e-07 + r * 2.511394822861713e-08;
    sum = (2.4801506722831194e-05 + r * 2.755722972615756e-06) + r2 * sum;
    sum = (0.001388888893014678 + r * 0.0001984126990089841) + r2 * sum;
    sum = (0.04166666666658213 + r * 0.008333333333315655) + r2 * sum;
    return (0.5000000000000004 + r * 0.16666666666666685) + r2 * sum;
  }
};

template <class T> using Words = typename Exponential<T>::Words;

template <class T> inline Values<T> at_least(T bound, Values<T> x) { return bound > x ? bound - Values<T>{} : x; }
template <class T> inline Values<T> at_most(T bound, Values<T> x) { return bound < x ? bound - Values<T>{} : x; }

template <class T> inline Values<T> magnitude(Values<T> x) {
  return as_bits<Values<T>>(as_bits<Words<T>>(x) & ~Exponential<T>::sign);
}

// What `round + exponent + bias` was added to holds a whole number in its last bits: 2 to its power.
template <class T> inline Values<T> power_of_two(Values<T> shifted) {
  return as_bits<Values<T>>(as_bits<Words<T>>(shifted) << Exponential<T>::mantissa);
}

template <class T> struct Reduced {
  Values<T> n, power, rest; // exp(x) = 2^n (1 + rest), power = 2^(n + exponent)
};

// ln 2 in two parts where exp(x) itself is wanted; one is enough where only exp(x) - 1 is, with x <= 0.
template <class T, int exponent, bool in_two_parts> inline Reduced<T> reduced(Values<T> x) {
  using E = Exponential<T>;
  constexpr T round = E::round + (E::bias + exponent);
  const Values<T> shifted = x * E::log2e + round, n = shifted - round;
  const Values<T> r = in_two_parts ? (x - n * E::ln2_high) - n * E::ln2_low : x - n * E::ln2;
  const Values<T> r2 = r * r;
  return {n, power_of_two<T>(shifted), r + r2 * E::q(r, r2)};
}

// exp(x) for x <= 0. 2^n in two factors, since it may be subnormal, and infinite for what exp hands over.
template <class T> inline Values<T> exp_of_negative(Values<T> x) {
  using E = Exponential<T>;
  const Reduced<T> e = reduced<T, 0, true>(at_least<T>(E::exp_lowest, x));
  const Values<T> half = (e.n * T(0.5) + E::round) - E::round;
  const Values<T> first = power_of_two<T>(half + (E::round + E::bias));
  return (first + first * e.rest) * power_of_two<T>((e.n - half) + (E::round + E::bias));
}

template <class T> inline Values<T> exp(Values<T> x) {
  return exp_of_negative<T>(at_most<T>(Exponential<T>::exp_highest, x));
}

// 1 / (1 + exp(-x)), numerator and denominator times E::one. As exp, sum and quotient are monotone, so is the whole.
template <class T> inline Values<T> sigmoid(Values<T> x) {
  using E = Exponential<T>;
  const Values<T> within = at_most<T>(E::sigmoid_highest, at_least<T>(E::sigmoid_lowest, x));
  const Reduced<T> e = reduced<T, E::one_exponent, true>(-within);
  return E::one / ((e.power + E::one) + e.power * e.rest);
}

// t / (1 - t) with t = (1 - exp(-2|x|)) / 2, and x's sign. With t the numerator grows and the denominator shrinks,
// rounded or not, so the quotient is monotone; t <= 1/2 keeps it from exceeding 1.
template <class T> inline Values<T> tanh(Values<T> x) {
  using E = Exponential<T>;
  const Words<T> bits = as_bits<Words<T>>(x);
  const Values<T> negative = as_bits<Values<T>>(bits | E::sign);
  const Reduced<T> e = reduced<T, -1, false>(at_least<T>(E::tanh_lowest, negative + negative));
  const Values<T> t = (T(0.5) - e.power) - e.power * e.rest;
  return as_bits<Values<T>>(as_bits<Words<T>>(t / (1 - t)) | (bits & E::sign));
}

} // namespace tidegate
