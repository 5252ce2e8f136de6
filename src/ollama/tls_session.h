#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <string_view>

#include "ollama_bench/core/expected.h"

namespace ollama_bench {

/// What the sessions with one server share: whom to trust, as the system has it (SSL_CERT_FILE and
/// SSL_CERT_DIR name others).
class TlsContext {
 public:
  TlsContext();
  [[nodiscard]] SSL_CTX* get() const { return context_.get(); }

 private:
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  std::unique_ptr<SSL_CTX, Free> context_;
};

/// TLS between plain bytes and those on the wire, which someone else sends and receives.
class TlsSession {
 public:
  /// `host` is the name, or the numeric address, that the server must prove to have.
  TlsSession(const TlsContext& context, const std::string& host);

  /// Continues the handshake; true once it is complete. The error says what is wrong with the
  /// server.
  Expected<bool, std::string> Handshake();
  /// Whether it was the server's certificate that ended the handshake.
  [[nodiscard]] bool IsUntrusted() const;
  /// Bytes from the wire.
  void Receive(std::string_view bytes);
  /// Replaces `out` by all plain bytes that can be read by now. False when the session is over.
  bool Read(std::string& out);
  void Write(std::string_view plain);
  /// Takes what is to go out on the wire.
  std::string Outgoing();

 private:
  struct Free {
    void operator()(SSL* session) const { SSL_free(session); }
  };
  std::unique_ptr<SSL, Free> session_;
  BIO* from_wire_ = nullptr;  // the session's
  BIO* to_wire_ = nullptr;    // the session's
};

}  // namespace ollama_bench
