// A register's worth of numbers, in GCC's and Clang's vector extension: one source for every instruction set.
#pragma once

#include <cstdint>
#include <cstring>

#ifndef TIDEGATE_VECTOR_BYTES
#define TIDEGATE_VECTOR_BYTES 16
#endif

namespace tidegate {

template <class T> struct Vector;

template <> struct Vector<float> {
  static constexpr int lanes = TIDEGATE_VECTOR_BYTES / 4;
  typedef float type __attribute__((vector_size(TIDEGATE_VECTOR_BYTES)));
  typedef std::int32_t bits __attribute__((vector_size(TIDEGATE_VECTOR_BYTES)));
};

template <> struct Vector<double> {
  static constexpr int lanes = TIDEGATE_VECTOR_BYTES / 8;
  typedef double type __attribute__((vector_size(TIDEGATE_VECTOR_BYTES)));
  typedef std::int64_t bits __attribute__((vector_size(TIDEGATE_VECTOR_BYTES)));
};

template <class T> using Values = typename Vector<T>::type;
template <class T> using Bits = typename Vector<T>::bits;
template <class T> inline constexpr int lanes = Vector<T>::lanes;

template <class T> inline Values<T> load(const T *from) {
  Values<T> values;
  std::memcpy(&values, from, sizeof values);
  return values;
}

template <class T> inline void store(T *to, Values<T> values) { std::memcpy(to, &values, sizeof values); }

// `count` registers that stand one after another, or `stride` entries apart.
template <int count, class T>
inline void load_each(Values<T> *to, const T *from, std::int64_t stride = lanes<T>) {
#pragma GCC unroll 8
  for (int k = 0; k < count; ++k) to[k] = load(from + k * stride);
}

template <int count, class T>
inline void store_each(T *to, const Values<T> *values, std::int64_t stride = lanes<T>) {
#pragma GCC unroll 8
  for (int k = 0; k < count; ++k) store(to + k * stride, values[k]);
}

// Subtracting 0 changes nothing, not even -0, and so costs nothing.
template <class T> inline Values<T> all(T value) { return value - Values<T>{}; }

// Copies `count` entries, fewer than a register has, in pieces of 8, 4, 2, 1. A call would cost more: registers have to
// be saved around it.
template <class T> inline void copy_part(T *to, const T *from, int count) {
#pragma GCC unroll 8
  for (int piece = lanes<T> / 2; piece > 0; piece /= 2)
    if (count & piece) {
      std::memcpy(to, from, piece * sizeof(T));
      to += piece, from += piece;
    }
}

// Copies `count` entries, a few of them mostly.
template <class T> inline void copy(T *to, const T *from, std::int64_t count) {
  for (; count >= lanes<T>; count -= lanes<T>, to += lanes<T>, from += lanes<T>) store(to, load(from));
  copy_part(to, from, static_cast<int>(count));
}

// The first `count` lanes; the others are 0. Most registers are whole.
template <class T> inline Values<T> load(const T *from, int count) {
  if (__builtin_expect(count >= lanes<T>, true)) return load(from);
  alignas(TIDEGATE_VECTOR_BYTES) T padded[lanes<T>] = {};
  copy_part(padded, from, count);
  return load(padded);
}

template <class T> inline void store(T *to, Values<T> values, int count) {
  if (__builtin_expect(count >= lanes<T>, true)) return store(to, values);
  alignas(TIDEGATE_VECTOR_BYTES) T padded[lanes<T>];
  store(padded, values);
  copy_part(to, padded, count);
}

template <class To, class From> inline To as_bits(From from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  std::memcpy(&to, &from, sizeof to);
  return to;
}

} // namespace tidegate
