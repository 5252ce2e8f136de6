#include "tls_session.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <array>
#include <new>

namespace ollama_bench {
namespace {

bool IsNumericAddress(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  return inet_pton(AF_INET, host.c_str(), address.data()) == 1 ||
         inet_pton(AF_INET6, host.c_str(), address.data()) == 1;
}

std::string LastError(const SSL* session) {
  const long verified = SSL_get_verify_result(session);
  if (verified != X509_V_OK) return X509_verify_cert_error_string(verified);
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  return text.data();
}

}  // namespace

TlsContext::TlsContext() : context_(SSL_CTX_new(TLS_client_method())) {
  if (!context_) throw std::bad_alloc();
  SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION);
  SSL_CTX_set_default_verify_paths(context_.get());
  SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
}

TlsSession::TlsSession(const TlsContext& context, const std::string& host)
    : session_(SSL_new(context.get())),
      from_wire_(BIO_new(BIO_s_mem())),
      to_wire_(BIO_new(BIO_s_mem())) {
  if (!session_ || from_wire_ == nullptr || to_wire_ == nullptr) throw std::bad_alloc();
  SSL_set_bio(session_.get(), from_wire_, to_wire_);
  SSL_set_connect_state(session_.get());
  if (IsNumericAddress(host)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session_.get()), host.c_str());
  } else {
    SSL_set_tlsext_host_name(session_.get(), host.c_str());
    SSL_set1_host(session_.get(), host.c_str());
  }
}

Expected<bool, std::string> TlsSession::Handshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(session_.get());
  if (result == 1) return true;
  const int why = SSL_get_error(session_.get(), result);
  if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return false;
  return Unexpected<std::string>(LastError(session_.get()));
}

bool TlsSession::IsUntrusted() const {
  return SSL_get_verify_result(session_.get()) != X509_V_OK;
}

void TlsSession::Receive(std::string_view bytes) {
  BIO_write(from_wire_, bytes.data(), static_cast<int>(bytes.size()));
}

bool TlsSession::Read(std::string& out) {
  out.clear();
  ERR_clear_error();
  std::array<char, 16384> part{};
  while (true) {
    const int size = SSL_read(session_.get(), part.data(), static_cast<int>(part.size()));
    if (size > 0) {
      out.append(part.data(), static_cast<std::size_t>(size));
      continue;
    }
    const int why = SSL_get_error(session_.get(), size);
    return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
  }
}

void TlsSession::Write(std::string_view plain) {
  // A memory BIO takes all there is.
  SSL_write(session_.get(), plain.data(), static_cast<int>(plain.size()));
}

std::string TlsSession::Outgoing() {
  std::string bytes(BIO_ctrl_pending(to_wire_), '\0');
  if (bytes.empty()) return bytes;
  const int size = BIO_read(to_wire_, bytes.data(), static_cast<int>(bytes.size()));
  bytes.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return bytes;
}

}  // namespace ollama_bench
