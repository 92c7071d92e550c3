CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
CREATE TABLE sources (
	name TEXT NOT NULL, 
	title TEXT NOT NULL, 
	home TEXT NOT NULL, 
	terms TEXT NOT NULL, 
	timezone TEXT NOT NULL, 
	rate_limited_until DATETIME, rate_limited_base_url TEXT, 
	CONSTRAINT pk_sources PRIMARY KEY (name)
);
CREATE TABLE articles (
	id INTEGER NOT NULL, 
	source TEXT NOT NULL, 
	url TEXT NOT NULL, 
	language TEXT, 
	section TEXT, 
	title TEXT NOT NULL, 
	subtitle TEXT, 
	body TEXT NOT NULL, 
	description TEXT, 
	published_at DATETIME, 
	published_raw TEXT, 
	published_precision VARCHAR(20), 
	author TEXT, 
	view_count INTEGER, 
	image_url TEXT, 
	content_hash TEXT NOT NULL, 
	problems TEXT NOT NULL, 
	first_seen_at DATETIME NOT NULL, 
	last_seen_at DATETIME NOT NULL, 
	stored_at DATETIME NOT NULL, 
	fetched_at DATETIME NOT NULL, 
	revised_at DATETIME, 
	gone_at DATETIME, 
	duplicate_of_id INTEGER, 
	parser_version INTEGER NOT NULL, 
	recrawl_at DATETIME, 
	unconfirmed_hash TEXT, 
	unconfirmed_since DATETIME, reservations TEXT, authors TEXT, 
	CONSTRAINT pk_articles PRIMARY KEY (id), 
	CONSTRAINT fk_articles_duplicate_of_id FOREIGN KEY(duplicate_of_id) REFERENCES articles (id), 
	CONSTRAINT fk_articles_source FOREIGN KEY(source) REFERENCES sources (name), 
	CONSTRAINT uq_articles_url UNIQUE (url)
);
CREATE INDEX ix_articles_content_hash ON articles (content_hash);
CREATE INDEX ix_articles_section_published_at_id ON articles (section, published_at, id);
CREATE INDEX ix_articles_view_count_id ON articles (view_count, id);
CREATE TABLE channels (
	id INTEGER NOT NULL, 
	source TEXT NOT NULL, 
	url TEXT NOT NULL, 
	etag TEXT, 
	last_modified TEXT, 
	body_hash TEXT, 
	parser_fingerprint TEXT, 
	validators_trusted BOOLEAN NOT NULL, 
	consecutive_failures INTEGER NOT NULL, 
	failure_stage VARCHAR(20), 
	failure_reason TEXT, 
	polled_at DATETIME, 
	last_success_at DATETIME, 
	last_changed_at DATETIME, 
	last_unconditional_at DATETIME, last_failed_at DATETIME, 
	CONSTRAINT pk_channels PRIMARY KEY (id), 
	CONSTRAINT fk_channels_source FOREIGN KEY(source) REFERENCES sources (name), 
	CONSTRAINT uq_channels_source_url UNIQUE (source, url)
);
CREATE TABLE crawl_runs (
	id INTEGER NOT NULL, 
	source TEXT NOT NULL, 
	"trigger" VARCHAR(20) NOT NULL, 
	status VARCHAR(20) NOT NULL, 
	started_at DATETIME NOT NULL, 
	finished_at DATETIME, 
	heartbeat_at DATETIME NOT NULL, 
	host TEXT NOT NULL, 
	pid INTEGER NOT NULL, 
	process_start_time TEXT, 
	listed_count INTEGER NOT NULL, 
	new_count INTEGER NOT NULL, 
	revised_count INTEGER NOT NULL, 
	unchanged_count INTEGER NOT NULL, 
	view_update_count INTEGER NOT NULL, 
	filtered_count INTEGER NOT NULL, 
	failed_count INTEGER NOT NULL, 
	gone_count INTEGER NOT NULL, 
	pending_count INTEGER NOT NULL, 
	request_count INTEGER NOT NULL, 
	byte_count INTEGER NOT NULL, 
	error TEXT, new_link_count INTEGER DEFAULT '0' NOT NULL, recrawl_due_count INTEGER DEFAULT '0' NOT NULL, recrawl_count INTEGER DEFAULT '0' NOT NULL, channels_changed BOOLEAN DEFAULT 0 NOT NULL, process_id TEXT DEFAULT '' NOT NULL, machine TEXT DEFAULT '' NOT NULL, failure_cause VARCHAR(20), stderr_tail TEXT, channels_read BOOLEAN DEFAULT 0 NOT NULL, 
	CONSTRAINT pk_crawl_runs PRIMARY KEY (id), 
	CONSTRAINT fk_crawl_runs_source FOREIGN KEY(source) REFERENCES sources (name)
);
CREATE INDEX ix_crawl_runs_source_started_at ON crawl_runs (source, started_at);
CREATE UNIQUE INDEX uq_crawl_runs_open ON crawl_runs (source) WHERE finished_at IS NULL;
CREATE TABLE events (
	id INTEGER NOT NULL, 
	source TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	details JSON NOT NULL, 
	opened_at DATETIME NOT NULL, 
	closed_at DATETIME, 
	open_notified_at DATETIME, close_notified_at DATETIME, 
	CONSTRAINT pk_events PRIMARY KEY (id), 
	CONSTRAINT fk_events_source FOREIGN KEY(source) REFERENCES sources (name)
);
CREATE INDEX ix_events_source_kind_opened_at ON events (source, kind, opened_at);
CREATE TABLE links (
	id INTEGER NOT NULL, 
	source TEXT NOT NULL, 
	url TEXT NOT NULL, 
	title TEXT, 
	published_at DATETIME, 
	published_raw TEXT, 
	sections TEXT NOT NULL, 
	language TEXT, 
	first_listed_at DATETIME NOT NULL, 
	last_listed_at DATETIME NOT NULL, 
	outcome VARCHAR(20) NOT NULL, 
	outcome_reason TEXT, 
	failed_attempts INTEGER NOT NULL, 
	next_attempt_at DATETIME, 
	first_404_at DATETIME, 
	parsed_at DATETIME, 
	article_id INTEGER, parsing_run_id INTEGER, parser_deaths INTEGER DEFAULT '0' NOT NULL, quarantined_at DATETIME, request_url TEXT, 
	CONSTRAINT pk_links PRIMARY KEY (id), 
	CONSTRAINT fk_links_article_id FOREIGN KEY(article_id) REFERENCES articles (id), 
	CONSTRAINT fk_links_source FOREIGN KEY(source) REFERENCES sources (name), 
	CONSTRAINT uq_links_url UNIQUE (url)
);
CREATE INDEX ix_links_source_outcome ON links (source, outcome);
CREATE TABLE revisions (
	id INTEGER NOT NULL, 
	article_id INTEGER NOT NULL, 
	revision_number INTEGER NOT NULL, 
	title TEXT NOT NULL, 
	subtitle TEXT, 
	body TEXT NOT NULL, 
	author TEXT, 
	sections TEXT NOT NULL, 
	published_at DATETIME, 
	published_raw TEXT, 
	content_hash TEXT NOT NULL, 
	seen_from DATETIME NOT NULL, 
	seen_until DATETIME NOT NULL, 
	edit_kind VARCHAR(20) NOT NULL, 
	is_stealth BOOLEAN NOT NULL, 
	CONSTRAINT pk_revisions PRIMARY KEY (id), 
	CONSTRAINT fk_revisions_article_id FOREIGN KEY(article_id) REFERENCES articles (id), 
	CONSTRAINT uq_revisions_article_id_revision_number UNIQUE (article_id, revision_number)
);
CREATE TABLE view_readings (
	article_id INTEGER NOT NULL, 
	measured_at DATETIME NOT NULL, 
	view_count INTEGER NOT NULL, 
	CONSTRAINT pk_view_readings PRIMARY KEY (article_id, measured_at), 
	CONSTRAINT fk_view_readings_article_id FOREIGN KEY(article_id) REFERENCES articles (id)
);
CREATE TABLE fetches (
	id INTEGER NOT NULL, 
	link_id INTEGER NOT NULL, 
	run_id INTEGER, 
	fetched_at DATETIME NOT NULL, 
	purpose VARCHAR(20) NOT NULL, 
	result VARCHAR(20) NOT NULL, 
	failure_stage VARCHAR(20), 
	reason TEXT, 
	http_status INTEGER, 
	byte_count INTEGER, 
	view_count INTEGER, 
	CONSTRAINT pk_fetches PRIMARY KEY (id), 
	CONSTRAINT fk_fetches_link_id FOREIGN KEY(link_id) REFERENCES links (id), 
	CONSTRAINT fk_fetches_run_id FOREIGN KEY(run_id) REFERENCES crawl_runs (id)
);
CREATE INDEX ix_fetches_link_id ON fetches (link_id);
CREATE INDEX ix_fetches_run_id ON fetches (run_id);
CREATE TABLE listings (
	link_id INTEGER NOT NULL, 
	channel_id INTEGER NOT NULL, 
	first_listed_at DATETIME NOT NULL, 
	last_listed_at DATETIME NOT NULL, 
	CONSTRAINT pk_listings PRIMARY KEY (link_id, channel_id), 
	CONSTRAINT fk_listings_channel_id FOREIGN KEY(channel_id) REFERENCES channels (id), 
	CONSTRAINT fk_listings_link_id FOREIGN KEY(link_id) REFERENCES links (id)
);
CREATE UNIQUE INDEX uq_events_open ON events (source, kind, subject) WHERE closed_at IS NULL;
CREATE TABLE schedules (
	source TEXT NOT NULL, 
	next_poll_at DATETIME NOT NULL, 
	interval FLOAT, 
	reason TEXT NOT NULL, 
	consecutive_failures INTEGER NOT NULL, 
	first_failure_at DATETIME, 
	run_isolated BOOLEAN NOT NULL, 
	paused_at DATETIME, 
	crawl_requested_at DATETIME, local_failures INTEGER DEFAULT '0' NOT NULL, local_failure_cause VARCHAR(20), first_local_failure_at DATETIME, 
	CONSTRAINT pk_schedules PRIMARY KEY (source), 
	CONSTRAINT fk_schedules_source FOREIGN KEY(source) REFERENCES sources (name)
);
CREATE TABLE leases (
	name TEXT NOT NULL, 
	host TEXT NOT NULL, 
	pid INTEGER NOT NULL, 
	process_start_time TEXT, 
	version TEXT NOT NULL, 
	started_at DATETIME NOT NULL, 
	heartbeat_at DATETIME NOT NULL, owner_id TEXT DEFAULT '' NOT NULL, machine TEXT DEFAULT '' NOT NULL, problem TEXT, 
	CONSTRAINT pk_leases PRIMARY KEY (name)
);
CREATE TABLE "saved_searches" (
	id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	"query" TEXT NOT NULL, 
	target TEXT NOT NULL, 
	delivery_mode VARCHAR(20) NOT NULL, 
	digest_every FLOAT, 
	quiet_from TEXT, 
	quiet_until TEXT, 
	timezone TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	last_article_id INTEGER NOT NULL, 
	last_notified_at DATETIME, digest_at TEXT, 
	CONSTRAINT pk_saved_searches PRIMARY KEY (id), 
	CONSTRAINT uq_saved_searches_name UNIQUE (name)
);
CREATE TABLE alerts (
	id INTEGER NOT NULL, 
	"key" TEXT NOT NULL, 
	target_hash TEXT NOT NULL, 
	title TEXT NOT NULL, 
	body TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	attempts INTEGER NOT NULL, 
	next_attempt_at DATETIME NOT NULL, 
	delivered_at DATETIME, 
	error TEXT, 
	saved_search_id INTEGER, 
	article_id INTEGER, 
	event_id INTEGER, refused_since DATETIME, given_up_at DATETIME, 
	CONSTRAINT pk_alerts PRIMARY KEY (id), 
	CONSTRAINT fk_alerts_saved_search_id FOREIGN KEY(saved_search_id) REFERENCES "saved_searches" (id) ON DELETE SET NULL, 
	CONSTRAINT fk_alerts_article_id FOREIGN KEY(article_id) REFERENCES articles (id), 
	CONSTRAINT fk_alerts_event_id FOREIGN KEY(event_id) REFERENCES events (id), 
	CONSTRAINT uq_alerts_key UNIQUE ("key")
);
CREATE INDEX ix_alerts_delivered_at_next_attempt_at ON alerts (delivered_at, next_attempt_at);
CREATE VIRTUAL TABLE articles_fts USING fts5(
    body, title, subtitle, section, source, language,
    content="articles", content_rowid="id",
    tokenize="unicode61 remove_diacritics 0 categories 'L* N* M* Co' tokenchars '_'"
);
CREATE TABLE "search_index_state" (
	id INTEGER NOT NULL, 
	analyser_version INTEGER NOT NULL, 
	complete BOOLEAN NOT NULL, 
	CONSTRAINT pk_search_index_state PRIMARY KEY (id)
);
CREATE INDEX ix_articles_revised_at ON articles (revised_at) WHERE revised_at IS NOT NULL;
CREATE INDEX ix_revisions_seen_until_article_id ON revisions (seen_until, article_id);
CREATE TABLE article_sections (
	article_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	section TEXT NOT NULL, 
	published_at DATETIME, 
	CONSTRAINT pk_article_sections PRIMARY KEY (article_id, position), 
	CONSTRAINT fk_article_sections_article_id FOREIGN KEY(article_id) REFERENCES articles (id) ON DELETE CASCADE
)
 WITHOUT ROWID

;
CREATE INDEX ix_article_sections_section_published_at_article_id ON article_sections (section, published_at, article_id);
CREATE INDEX ix_articles_published_at_id ON articles (published_at, id, section, language);
CREATE INDEX ix_articles_source_published_at_id ON articles (source, published_at, id, section, language);
CREATE INDEX ix_articles_source_recrawl_at ON articles (source, recrawl_at);
CREATE INDEX ix_links_quarantined ON links (source) WHERE quarantined_at IS NOT NULL;
CREATE TABLE alert_receipts (
	alert_id INTEGER NOT NULL, 
	receipt TEXT NOT NULL, 
	CONSTRAINT pk_alert_receipts PRIMARY KEY (alert_id, receipt), 
	CONSTRAINT fk_alert_receipts_alert_id FOREIGN KEY(alert_id) REFERENCES alerts (id) ON DELETE CASCADE
);
CREATE TABLE alert_targets (
	target_hash TEXT NOT NULL, 
	target TEXT NOT NULL, 
	consecutive_failures INTEGER NOT NULL, 
	failing_since DATETIME NOT NULL, 
	next_attempt_at DATETIME NOT NULL, 
	error TEXT NOT NULL, 
	CONSTRAINT pk_alert_targets PRIMARY KEY (target_hash)
);
CREATE INDEX ix_crawl_runs_process_id ON crawl_runs (process_id);
CREATE INDEX ix_articles_source_stored_at ON articles (source, stored_at);
CREATE INDEX ix_links_source_first_listed_at ON links (source, first_listed_at);
CREATE INDEX ix_listings_channel_id_last_listed_at ON listings (channel_id, last_listed_at);
CREATE INDEX ix_crawl_runs_source_id ON crawl_runs (source, id);
CREATE INDEX ix_crawl_runs_source_status_id ON crawl_runs (source, status, id);
CREATE INDEX ix_links_parsing_run_id ON links (parsing_run_id) WHERE parsing_run_id IS NOT NULL;
CREATE INDEX ix_events_unnotified ON events (kind) WHERE close_notified_at IS NULL;
CREATE INDEX ix_crawl_runs_channels_read ON crawl_runs (source, started_at) WHERE channels_read = 1;
CREATE TABLE notes (
	id INTEGER NOT NULL, 
	article_id INTEGER NOT NULL, 
	text TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_notes PRIMARY KEY (id), 
	CONSTRAINT fk_notes_article_id FOREIGN KEY(article_id) REFERENCES articles (id)
);
CREATE INDEX ix_notes_article_id ON notes (article_id);
CREATE TABLE tags (
	article_id INTEGER NOT NULL, 
	tag TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_tags PRIMARY KEY (article_id, tag), 
	CONSTRAINT fk_tags_article_id FOREIGN KEY(article_id) REFERENCES articles (id)
);
CREATE INDEX ix_tags_tag_article_id ON tags (tag, article_id);
INSERT INTO articles_fts (articles_fts, rank) VALUES ('automerge', 8);
INSERT INTO articles_fts (articles_fts, rank) VALUES ('crisismerge', 64);
INSERT INTO articles_fts (articles_fts, rank) VALUES ('pgsz', 8000);
INSERT INTO articles_fts (articles_fts, rank) VALUES ('rank', 'bm25(1.0, 10.0, 4.0, 0.0, 0.0, 0.0)');
INSERT INTO alembic_version VALUES ('0016');
INSERT INTO search_index_state VALUES (1, 2, 1);
