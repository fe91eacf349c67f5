#include "parser/stack_room.h"

#include <pthread.h>

#include <cstdint>

namespace pgconcord::parser {
namespace {

std::uintptr_t lowest_stack_address() {
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return UINTPTR_MAX;
  void* lowest = nullptr;
  std::size_t size = 0;
  const int status = pthread_attr_getstack(&attributes, &lowest, &size);
  pthread_attr_destroy(&attributes);
  return status == 0 ? reinterpret_cast<std::uintptr_t>(lowest) : UINTPTR_MAX;
}

}  // namespace

// An unknown stack has no room: nothing is parsed on it.
std::size_t stack_bytes_left() {
  thread_local const std::uintptr_t lowest = lowest_stack_address();
  const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  return here > lowest ? here - lowest : 0;
}

}  // namespace pgconcord::parser
