// What would become of a statement in the running proxy, by the catalogs its sessions have read.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "policies/catalog_cache.h"
#include "policies/config.h"
#include "proxy/admin/explained.h"

namespace pgconcord::cli {

// The catalog is that of the request's database and user where it is known; where they are not
// said, one that is. Without any, policies are judged by the statement alone.
[[nodiscard]] tl::expected<admin::Explained, std::string> explain_live(
    const admin::ExplainRequest& request, const policies::Config& config,
    const std::vector<policies::CatalogCache::Known>& catalogs);

}  // namespace pgconcord::cli
