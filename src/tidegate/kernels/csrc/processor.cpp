// What this processor offers, as a library of its own: compiled for the oldest processor, it can be asked on any before
// one of the others is loaded.
#include "export.h"

#if defined(__x86_64__)
#include <cpuid.h>

namespace {

// The three that the compilers' own test does not know in older versions; no operating system can withhold them.
bool has_small_extensions() {
  unsigned int a = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_F16C) || !(c & bit_MOVBE)) return false;
  return __get_cpuid(0x80000001u, &a, &b, &c, &d) && (c & bit_LZCNT);
}

int level() {
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("popcnt") || !__builtin_cpu_supports("sse3") || !__builtin_cpu_supports("ssse3") ||
      !__builtin_cpu_supports("sse4.1") || !__builtin_cpu_supports("sse4.2"))
    return 1;
  if (!__builtin_cpu_supports("avx") || !__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi") ||
      !__builtin_cpu_supports("bmi2") || !__builtin_cpu_supports("fma") || !has_small_extensions())
    return 2;
  if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
      !__builtin_cpu_supports("avx512cd") || !__builtin_cpu_supports("avx512dq") ||
      !__builtin_cpu_supports("avx512vl"))
    return 3;
  return 4;
}

} // namespace
#else
namespace {

int level() { return 1; }

} // namespace
#endif

// Returns N for a processor that offers all of x86-64-vN, and 1 for processors of any other kind.
TIDEGATE_EXPORT int tidegate_level() { return level(); }
