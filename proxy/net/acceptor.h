// The listening sockets on the main loop: accepts and hands each client to the worker with the
// fewest sessions. While the proxy drains, clients are turned away (protocol.md 1.18), or left to
// the process that took the address over (7.10).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "metrics/registry.h"
#include "policies/config.h"
#include "proxy/net/socket.h"
#include "proxy/net/succession.h"
#include "proxy/net/uv_handle.h"
#include "proxy/net/worker.h"

namespace pgconcord::net {

class Acceptor {
 public:
  using Workers = std::vector<std::unique_ptr<Worker>>;

  // All or nothing: the first address that cannot be bound is the error.
  [[nodiscard]] static Result<std::unique_ptr<Acceptor>> open(
      uv_loop_t& loop, const std::vector<policies::Listener>& listeners, Sharing sharing,
      metrics::Shard& metrics);
  // Closes the listeners and removes their unix sockets.
  ~Acceptor();

  void start(Workers& workers);
  // From now on new clients are turned away, or left to a process that listens beside us: then
  // ours closes once nobody is on the way to it, which `on_left` is told.
  void drain(std::function<void()> on_left);
  // A successor is there, and clients may still come through our sockets.
  bool is_handing_over() const;
  void set_max_clients(std::size_t max_clients) { max_clients_ = max_clients; }
  // Addresses as bound, port 0 resolved; in the order of the configuration.
  std::vector<std::string> addresses() const;

 private:
  struct Listening {
    Descriptor socket;
    std::string address;
    std::size_t index = 0;               // in the configuration
    std::vector<std::string> balancers;  // networks whose connections start with a PROXY header
    std::string unix_path;               // to be removed at the end; empty for TCP
    std::optional<FileId> file;          // what we put at unix_path
    std::uint64_t closes_at = 0;         // loop time; 0 = nobody took over
    UvHandle<uv_poll_t> poll;
    Acceptor* acceptor = nullptr;
  };

  Acceptor(uv_loop_t& loop, metrics::Shard& metrics);
  void listen(Listening& listening);
  void accept_from(const Listening& listening);
  bool accept_one(const Listening& listening);
  void hand_over(const Listening& listening, Descriptor socket, const SocketAddress& peer);
  void look_for_successors();
  void look_for_successor(Listening& listening);
  static void remove_file(const Listening& listening);
  void pause();
  void resume();

  uv_loop_t& loop_;
  metrics::Cell& refused_;
  std::vector<std::unique_ptr<Listening>> listening_;
  UvHandle<uv_timer_t> pause_;  // out of descriptors: nobody is accepted until it rings
  Workers* workers_ = nullptr;
  UvHandle<uv_timer_t> watch_;  // for successors, while draining
  std::function<void()> on_left_;
  bool is_draining_ = false;
  std::size_t max_clients_ = 0;
  std::uint64_t next_id_ = 1;
};

}  // namespace pgconcord::net
