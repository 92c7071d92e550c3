from tests.support.site.fixtures import shared_site, site

__all__ = ["shared_site", "site"]
