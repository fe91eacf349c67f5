#include "proxy/wire/sasl_messages.h"

#include "proxy/wire/bytes.h"

namespace pgconcord::wire {

std::optional<AuthenticationRequest> authentication_request(std::string_view body) {
  ByteReader reader(body);
  AuthenticationRequest request;
  request.kind = static_cast<Authentication>(reader.u32());
  request.data = reader.rest();
  if (!reader.ok()) return std::nullopt;
  return request;
}

bool wants_answer(Authentication kind) {
  return kind != Authentication::Ok && kind != Authentication::SaslFinal;
}

std::string_view method_name(Authentication kind) {
  switch (kind) {
    case Authentication::Ok:
      return "nothing (trust, peer, ident or cert)";
    case Authentication::KerberosV5:
      return "Kerberos V5";
    case Authentication::CleartextPassword:
      return "password";
    case Authentication::Md5Password:
      return "md5";
    case Authentication::Gss:
    case Authentication::GssContinue:
      return "GSSAPI";
    case Authentication::Sspi:
      return "SSPI";
    case Authentication::Sasl:
    case Authentication::SaslContinue:
    case Authentication::SaslFinal:
      return "another SASL mechanism";
  }
  return "an unknown method";
}

std::vector<std::string_view> sasl_mechanisms(std::string_view data) {
  std::vector<std::string_view> names;
  ByteReader reader(data);
  while (reader.ok() && !reader.at_end()) {
    const std::string_view name = reader.string();
    if (!reader.ok() || name.empty()) break;
    names.push_back(name);
  }
  return names;
}

std::optional<SaslInitialResponse> sasl_initial_response(std::string_view body) {
  constexpr std::uint32_t kNone = 0xFFFFFFFF;
  ByteReader reader(body);
  SaslInitialResponse response;
  response.mechanism = reader.string();
  const std::uint32_t size = reader.u32();
  if (size != kNone) response.data = reader.take(size);
  if (!reader.ok() || !reader.at_end()) return std::nullopt;
  return response;
}

std::string make_authentication_sasl(const std::vector<std::string_view>& mechanisms) {
  std::string names;
  for (const std::string_view name : mechanisms) {
    names.append(name);
    names.push_back('\0');
  }
  names.push_back('\0');
  return make_authentication(Authentication::Sasl, names);
}

std::string make_authentication(Authentication kind, std::string_view data) {
  ByteWriter writer;
  writer.begin('R');
  writer.u32(static_cast<std::uint32_t>(kind));
  writer.raw(data);
  writer.end();
  return writer.take();
}

std::string make_sasl_initial_response(std::string_view mechanism, std::string_view data) {
  ByteWriter writer;
  writer.begin('p');
  writer.string(mechanism);
  writer.u32(static_cast<std::uint32_t>(data.size()));
  writer.raw(data);
  writer.end();
  return writer.take();
}

std::string make_sasl_response(std::string_view data) {
  ByteWriter writer;
  writer.begin('p');
  writer.raw(data);
  writer.end();
  return writer.take();
}

}  // namespace pgconcord::wire
