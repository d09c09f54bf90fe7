// Compares csrc/acl/acl.h with the vendor's headers: values by number, functions by the size and kind of every parameter.
// Compiled only, never run; run.sh generates the two lists. Enumerations count as the integers that they are.
#include <cstdbool>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace mnv2 {
#include "acl.h"
}

// Ours are taken before the vendor's headers, which have some of the values as macros.
#define VALUE(name) constexpr long long ours_##name = mnv2::name;
#include "values.inc"
#undef VALUE

#if __has_include("acl/acl_rt.h")
#include "acl/acl.h"
#include "acl/acl_rt.h"
#define HAS_RUNTIME 1
#endif
#if __has_include("aclnn/acl_meta.h")
#include "aclnn/acl_meta.h"
#define HAS_OBJECTS 1
#endif
#if __has_include("aclnnop/aclnn_add.h")
#include "operators.inc"
#define HAS_OPERATORS 1
#endif

template <class A, class B> constexpr bool same() {
  if constexpr (std::is_pointer_v<A> || std::is_pointer_v<B>) {
    if constexpr (!std::is_pointer_v<A> || !std::is_pointer_v<B>) return false;
    else {
      using P = std::remove_cv_t<std::remove_pointer_t<A>>;
      using Q = std::remove_cv_t<std::remove_pointer_t<B>>;
      if constexpr (std::is_class_v<P> || std::is_void_v<P> || std::is_function_v<P>)
        return std::is_class_v<P> == std::is_class_v<Q> && std::is_void_v<P> == std::is_void_v<Q>;
      else return same<P, Q>();
    }
  } else if constexpr (std::is_void_v<A> || std::is_void_v<B>) return std::is_void_v<A> && std::is_void_v<B>;
  else if constexpr (std::is_floating_point_v<A> || std::is_floating_point_v<B>) return std::is_same_v<A, B>;
  else if constexpr (std::is_same_v<A, bool> || std::is_same_v<B, bool>) return std::is_same_v<A, B>;
  else return sizeof(A) == sizeof(B) && (std::is_integral_v<A> || std::is_enum_v<A>) && (std::is_integral_v<B> || std::is_enum_v<B>);
}

template <class R, class... A, class S, class... B> constexpr bool same_function(R (*)(A...), S (*)(B...)) {
  if constexpr (sizeof...(A) != sizeof...(B)) return false;
  else return same<R, S>() && (same<std::remove_cv_t<A>, std::remove_cv_t<B>>() && ...);
}

#define VALUE(name) static_assert(ours_##name == (long long)(name), #name " has another value");
#define FUNCTION(name) static_assert(same_function(&mnv2::name, &::name), #name " has other parameters");
#ifdef HAS_RUNTIME
#include "runtime-values.inc"
#include "runtime-functions.inc"
static_assert(sizeof(mnv2::aclCANNPackageVersion) == sizeof(::aclCANNPackageVersion), "aclCANNPackageVersion has another size");
#endif
#ifdef HAS_OBJECTS
#include "object-functions.inc"
#endif
#ifdef HAS_OPERATORS
#define OP(name) FUNCTION(aclnn##name##GetWorkspaceSize) FUNCTION(aclnn##name)
#include "ops.inc"
#endif
