#include "ollama_bench/core/sha256.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <array>
#include <cstddef>

namespace ollama_bench {

namespace {

using Digest = std::array<unsigned char, SHA256_DIGEST_LENGTH>;

Digest DigestOf(std::string_view bytes) {
  Digest digest{};
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  return digest;
}

}  // namespace

std::string Sha256Hex(std::string_view bytes) {
  return fmt::format("{:02x}", fmt::join(DigestOf(bytes), ""));
}

std::string Sha256Base64(std::string_view bytes) {
  constexpr std::size_t kLength = (SHA256_DIGEST_LENGTH + 2) / 3 * 4;
  const Digest digest = DigestOf(bytes);
  std::string text(kLength + 1, '\0');  // with the end that OpenSSL adds
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), digest.data(),
                  static_cast<int>(digest.size()));
  text.resize(kLength);
  return text;
}

}  // namespace ollama_bench
