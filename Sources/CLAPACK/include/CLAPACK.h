// LAPACK, loaded when it is first needed: OpenBLAS is 30 MB that most commands never call. It is that of Debian's
// libopenblas0-pthread where it is installed, told to use no threads of its own, else the reference LAPACK, which GDAL brings.
#pragma once
#include <stddef.h>

// As Fortran compilers of Linux call them: everything by reference, and the lengths of texts at the end.
// Solves A X = B where A is symmetric and positive definite, by Cholesky's decomposition.
void dposv_(const char *triangle, const int *order, const int *sides, double *a, const int *a_stride, double *b,
            const int *b_stride, int *info, size_t triangle_length);
// Solves A X = B where A is symmetric, by Bunch and Kaufman's decomposition.
void dsysv_(const char *triangle, const int *order, const int *sides, double *a, const int *a_stride, int *pivots,
            double *b, const int *b_stride, double *work, const int *work_size, int *info, size_t triangle_length);

// The functions that are used. A direct call of any does not link.
#define STRATA_LAPACK_FUNCTIONS(F) F(dposv_) F(dsysv_)

#define STRATA_LAPACK_MEMBER(name) __typeof__(name) *name;
struct strata_lapack {
  STRATA_LAPACK_FUNCTIONS(STRATA_LAPACK_MEMBER)
  // Whether only one thread at a time may call it. Debian's libopenblas0-serial is so: its calls share buffers without a
  // lock, and spoil one another's results.
  _Bool is_serial;
};
#undef STRATA_LAPACK_MEMBER

// Loads LAPACK for the rest of the process and fills the table. Returns 0, or -1 with the dynamic linker's complaint in
// `complaint`, which it ends with NUL.
int strata_lapack_load(struct strata_lapack *table, char *complaint, int size);
