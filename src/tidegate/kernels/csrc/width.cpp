// How wide the vectors of a library are; linked into each of them.
#include "export.h"

// Returns the width in bytes.
TIDEGATE_EXPORT int tidegate_vector_bytes() { return TIDEGATE_VECTOR_BYTES; }
