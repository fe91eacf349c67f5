#include "proxy/cli/live_explanation.h"

#include <algorithm>

#include "proxy/cli/explanation.h"

namespace pgconcord::cli {
namespace {

using policies::CatalogCache;

class KnownCatalog final : public CatalogSource {
 public:
  explicit KnownCatalog(policies::CatalogRef catalog) : catalog_(std::move(catalog)) {}

  tl::expected<policies::Catalog, std::string> catalog(
      const std::vector<std::string>&) const override {
    return *catalog_;
  }

  // No session, so no search_path: a bare name is clear only where one schema has it.
  tl::expected<policies::Oid, std::string> resolve(
      const parser::RelationName& name) const override {
    policies::Oid found = 0;
    for (const policies::Table& table : catalog_->tables()) {
      if (table.name != name.name) continue;
      if (!name.schema.empty() && table.schema != name.schema) continue;
      if (found != 0) return policies::Oid{0};
      found = table.oid;
    }
    return found;
  }

 private:
  policies::CatalogRef catalog_;
};

policies::CatalogRef catalog_for(const admin::ExplainRequest& request,
                                 const std::vector<CatalogCache::Known>& catalogs) {
  const auto fits = [](const std::string& asked, const std::string& known) {
    return asked.empty() || asked == known;
  };
  const auto found =
      std::find_if(catalogs.begin(), catalogs.end(), [&](const CatalogCache::Known& each) {
        return fits(request.database, each.database) && fits(request.user, each.catalog->role());
      });
  return found == catalogs.end() ? nullptr : found->catalog;
}

}  // namespace

tl::expected<admin::Explained, std::string> explain_live(
    const admin::ExplainRequest& request, const policies::Config& config,
    const std::vector<CatalogCache::Known>& catalogs) {
  const policies::CatalogRef catalog = catalog_for(request, catalogs);
  const KnownCatalog source(catalog);
  return explain_text(request.sql, config, {request.database, request.user, request.application},
                      catalog ? &source : nullptr)
      .map([](const std::vector<StatementExplanation>& each) { return in_words(each); });
}

}  // namespace pgconcord::cli
