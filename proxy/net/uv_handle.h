// Owning libuv handle. libuv needs a handle's memory until its close callback has run, so
// destruction only starts the closing and the callback frees. The only uv_close and the only delete
// of the program.
#pragma once

#include <uv.h>

#include <memory>
#include <utility>

namespace pgconcord::net {

// `T` is uv_tcp_t, uv_poll_t, uv_timer_t, ... initialised: make_handle() is the way to get one.
struct CloseHandle {
  template <class T>
  void operator()(T* handle) const {
    handle->data = nullptr;  // callbacks that still run see that their owner is gone
    uv_close(reinterpret_cast<uv_handle_t*>(handle),
             [](uv_handle_t* closed) { delete reinterpret_cast<T*>(closed); });
  }
};

template <class T>
using UvHandle = std::unique_ptr<T, CloseHandle>;

// `initialise(handle)` returns a uv status; null when it failed.
template <class T, class Initialise>
UvHandle<T> make_handle(void* owner, Initialise initialise) {
  auto handle = std::make_unique<T>();
  if (initialise(handle.get()) != 0) return nullptr;
  handle->data = owner;
  return UvHandle<T>(handle.release());
}

}  // namespace pgconcord::net
