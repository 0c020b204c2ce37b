#pragma once
// Every limit of the host, in one place, each with its reason. Values a tenant or operator may
// change are defaults here and named the same in config.
#include <cstddef>
#include <cstdint>

namespace junctor::limits {

// -- HTTP front (RFC 9112 sets no numbers; these are what every provider in use stays far below)
inline constexpr size_t kHeaderBytesMax = 16 * 1024;
inline constexpr size_t kHeaderFieldsMax = 100;
inline constexpr size_t kUriBytesMax = 8 * 1024;
inline constexpr size_t kBodyBytesMax = 1024 * 1024;  // default; GitHub's cap is 25 MB
inline constexpr size_t kPartialBodiesBytesMax = 128 * 1024 * 1024;  // of all connections: 503
inline constexpr int64_t kHeaderDeadlineMs = 10'000;                 // slow-loris bound
inline constexpr int64_t kRequestDeadlineMs = 30'000;                // header + body, total
inline constexpr int64_t kResponseDeadlineMs = 30'000;               // a peer that does not read
inline constexpr int64_t kIdleDeadlineMs = 75'000;                   // keep-alive without a request
inline constexpr size_t kConnectionsMax = 10'000;
inline constexpr size_t kConnectionsPerAddressMax = 8'000;  // a proxy in front is one address
inline constexpr size_t kPipelineMax = 16;                  // requests parsed ahead of answers
inline constexpr int64_t kDrainMs = 10'000;                 // SIGTERM to exit

// -- Outbound HTTP
inline constexpr int64_t kConnectTimeoutMs = 5'000;
inline constexpr int64_t kDeliveryTimeoutMs = 20'000;   // Standard Webhooks: 15-30 s
inline constexpr size_t kResponseBytesMax = 64 * 1024;  // kept; more aborts the attempt
inline constexpr size_t kResponseHeaderBytesMax = 32 * 1024;
inline constexpr size_t kConnectionsPerDestination = 32;
inline constexpr size_t kInFlightPerDestination = 64;  // half of them wait for a connection
inline constexpr size_t kConcurrencyMax = 256;         // that a destination may ask for
inline constexpr size_t kUnrecordedFactor = 8;  // times concurrency: sent, outcome not yet durable
inline constexpr size_t kOutboundConnectionsMax = 256;
inline constexpr int kBreakerFailures = 20;            // in a row open a destination's circuit
inline constexpr int64_t kBreakerOpenFirstMs = 1'000;  // then doubled by each failed probe
inline constexpr int64_t kBreakerOpenMaxMs = 300'000;
inline constexpr int kDeadInARow = 5;  // dead deliveries; then the destination is in error
inline constexpr int64_t kErrorProbeFirstMs = 5'000;  // then doubled by each failed probe
inline constexpr int64_t kErrorProbeMaxMs = 1'800'000;
inline constexpr size_t kRecordedHeadBytesMax = 4 * 1024;  // per attempt, request and response
inline constexpr size_t kRecordedBodyBytesMax = 1024;      // start of the response body

// -- JSON
inline constexpr size_t kJsonDepthMax = 128;

// -- Queues (events or deliveries held in memory; the store holds the rest)
inline constexpr size_t kAppendQueueMax = 8'192;  // beyond it ingest answers 503
inline constexpr size_t kFlowWindow = 4'096;
inline constexpr size_t kDeliveryWindow = 8'192;
inline constexpr size_t kDeliveriesRunningMax = 512;  // attempts; half for one tenant
inline constexpr int kTenantWeightMax = 100;
inline constexpr size_t kWindowBytesMax = 64 * 1024 * 1024;   // of each window
inline constexpr size_t kIngestBytesMax = 256 * 1024 * 1024;  // bodies between receipt and commit
inline constexpr int64_t kFlowLeaseMs = 60'000;
inline constexpr int64_t kDeliveryLeaseMs = 180'000;  // above any delivery timeout
inline constexpr size_t kWriteBatchMax = 1'024;       // operations in one transaction

// -- Events
inline constexpr size_t kEventsPerRequestMax = 1'000;
inline constexpr size_t kDeliveriesPerEventMax = 64;
inline constexpr int kHopsMax = 8;                              // A->B->A echoes end here
inline constexpr int64_t kDedupeWindowMs = 72LL * 3600 * 1000;  // GitHub redelivers for 3 days

// -- Newest events of resources, in memory: what is older than they is stale
inline constexpr size_t kResourcesKnownMax = 100'000;    // about 20 MB
inline constexpr size_t kResourcesReadAtStart = 20'000;  // of the newest events, after a restart

// -- Replays
inline constexpr size_t kReplaysOpenMax = 8;       // of one tenant, not yet at their end
inline constexpr size_t kReplaysKept = 100;        // of one tenant, at their end
inline constexpr int64_t kReplayRateMax = 10'000;  // a second
inline constexpr size_t kReplayInFlight = 64;      // handed to the store and not durable
inline constexpr size_t kCausesShown = 100;        // groups of dead letters

// -- Ledger (the check reads rows in the background; 20,000 take about 10 ms)
inline constexpr int64_t kLedgerCheckMs = 10'000;
inline constexpr size_t kLedgerRowsPerCheck = 20'000;

// -- Quotas
inline constexpr int64_t kQuotaMax = 1'000'000'000;  // of an hour
inline constexpr int64_t kUsageSaveMs = 10'000;      // what a crash may forget of the hour's counts
inline constexpr size_t kUsageHours = 25;            // this one and a day's trailing mean

// -- Signatures (Standard Webhooks in rotation is the longest known header: about 200 bytes)
inline constexpr size_t kSignatureHeaderBytesMax = 4 * 1024;
inline constexpr size_t kSignaturesPerHeaderMax = 16;  // bounds the work a stranger can ask
inline constexpr size_t kLiveSecretsMax = 16;
inline constexpr size_t kVerifyQueueMax = 256;  // requests that wait for a connector
inline constexpr int kVerifyWorkers = 2;

// -- Store
inline constexpr uint64_t kLowSpaceBytes = 256ULL * 1024 * 1024;  // below: 503, nothing acked
inline constexpr int64_t kStoreLeaseMs = 10'000;     // of a node; others take its work after it
inline constexpr int64_t kStorePollMs = 1'000;       // work that no notice told of
inline constexpr int64_t kStoreAnswerMs = 30'000;    // of the database, to one statement
inline constexpr int64_t kStoreReconnectMs = 1'000;  // between two tries, at most
inline constexpr size_t kStoreReaders = 8;           // connections of a node that read
inline constexpr size_t kStoreBatchBytes = 32 * 1024 * 1024;  // in one statement
inline constexpr int kCheckpointPages = 8'000;                // measured: p99 0.9 ms, no dip

// -- Rules
inline constexpr size_t kRuleSourceBytesMax = 64 * 1024;  // the code generator is quadratic
inline constexpr size_t kRuleBranchWordsMax = 2'000;      // and/or/elseif
inline constexpr int64_t kRuleFuelMax = 2'000'000;        // VM instructions and their like
inline constexpr int64_t kRuleWallMs = 50;
inline constexpr size_t kRuleMemoryBytesMax = 8 * 1024 * 1024;
inline constexpr size_t kRuleBlockBytesMax = 1024 * 1024;  // bounds any single instruction
inline constexpr size_t kRuleResultBytesMax = 256 * 1024;
inline constexpr size_t kRuleResultNodesMax = 50'000;
inline constexpr size_t kRuleResultDepthMax = 64;  // below kJsonDepthMax: it is parsed again
inline constexpr size_t kRuleLogLinesMax = 50;
inline constexpr size_t kRuleLogLineBytesMax = 512;
inline constexpr size_t kRuleErrorBytesMax = 512;
inline constexpr int64_t kRulePatternStepsMax = 200'000;  // one find/match/gsub: about 1 ms
inline constexpr size_t kRuleSortMax = 16'384;            // elements
inline constexpr size_t kRuleSandboxesMax = 128;          // kept per thread, about 20 KB each
inline constexpr size_t kRulesPerScriptMax = 1'000;
inline constexpr int64_t kRuleTestFuelMax = 50'000'000;  // one test, with the runs it asks for
inline constexpr int64_t kRuleTestWallMs = 2'000;
inline constexpr size_t kRuleTestsMax = 500;            // of one tenant
inline constexpr size_t kRuleTracePathsMax = 2'000;     // fields read, in one trace
inline constexpr size_t kRuleVersionsKeptMax = 50;      // of one script, besides those in use
inline constexpr size_t kRuleCompareEventsMax = 2'000;  // in one call
inline constexpr size_t kRuleDiffsShownMax = 20;
inline constexpr size_t kLookupTablesMax = 50;  // of one tenant
inline constexpr size_t kLookupTableBytesMax = 256 * 1024;

// -- Rules in processes of their own
inline constexpr size_t kRuleWorkerMemoryMib = 768;  // of addresses, for sandboxes and rulesets
inline constexpr size_t kRuleRoomBytes = 4 * 1024 * 1024;  // shared with a worker, each way
inline constexpr size_t kRuleWorkerRulesetsMax = 4'096;    // that one worker knows
inline constexpr int64_t kRuleKillMs = 1'000;    // wall time of one event's rules, crowded
inline constexpr int64_t kRuleCheckMs = 60'000;  // of a publish: compile, or all tests

// -- Flows (a flow's function runs within the budget of a rule each time it is resumed)
inline constexpr size_t kFlowStepsMax = 500;                     // of one delivery
inline constexpr size_t kFlowBranchesMax = 16;                   // of one jn.all
inline constexpr size_t kFlowNameBytesMax = 64;                  // of a flow, a branch
inline constexpr size_t kFlowResultBytesMax = 256 * 1024;        // of one step
inline constexpr size_t kFlowResultsBytesMax = 2 * 1024 * 1024;  // of all: memory holds them twice
inline constexpr int kFlowStepTriesMax = 20;                     // that a step may ask for
inline constexpr int64_t kFlowSleepMsMax = 366LL * 24 * 3600 * 1000;
inline constexpr int64_t kFlowWaitMsDefault = 24LL * 3600 * 1000;
inline constexpr int64_t kFlowCallMsMax = 60'000;     // timeout of a call
inline constexpr int64_t kFlowStretchMs = 60'000;     // at work on one delivery, then others' turn
inline constexpr size_t kFlowWaitsMax = 10'000;       // waits of one tenant
inline constexpr size_t kFlowWaitEventsMax = 10'000;  // stored events looked through for one wait
inline constexpr size_t kFlowThreads = 2;
inline constexpr size_t kFlowActThreads = 16;  // each waits for a provider
inline constexpr int64_t kFlowCacheMsMax = 30LL * 24 * 3600 * 1000;
inline constexpr size_t kFlowCacheEntriesMax = 64;           // of one tenant in each of 256 buckets
inline constexpr int64_t kLlmTokensMax = 1'000'000'000'000;  // that a cap may name
inline constexpr int64_t kLlmMoneyMicrosMax = 1'000'000'000'000;  // likewise: a million
inline constexpr size_t kLlmPricesMax = 100;                      // models of one tenant
inline constexpr size_t kFlowKvKeysMax = 16;                      // likewise
inline constexpr size_t kFlowKvKeyBytesMax = 256;
inline constexpr size_t kFlowKvValueBytesMax = 64 * 1024;

// -- Mappings (Salesforce allows 800 fields of an object)
inline constexpr size_t kMappingBytesMax = 512 * 1024;
inline constexpr size_t kMappingFieldsMax = 800;
inline constexpr size_t kMappingsPerTenantMax = 200;
inline constexpr size_t kMappingTransformsMax = 16;  // of one field
inline constexpr size_t kMappingPathStepsMax = 16;
inline constexpr size_t kMappingIndexMax = 99;         // `a[99]`: the gap is filled with null
inline constexpr size_t kMappingValueBytesShown = 80;  // of a value, in a report

// -- Connectors
inline constexpr size_t kAllowedNetworksMax = 64;  // of an integration
inline constexpr int64_t kConnectorCallMs = 250;
inline constexpr size_t kManifestBytesMax = 1024 * 1024;
inline constexpr size_t kConnectorArenaBytesMax = 16 * 1024 * 1024;
inline constexpr size_t kConnectorDocumentsMax = 16;  // JSON texts parsed in one call
inline constexpr size_t kConnectorWritersMax = 16;    // open at the same time
inline constexpr size_t kConnectorFormFieldsMax = 1'000;
inline constexpr size_t kConnectorLogLinesMax = 50;     // per call
inline constexpr size_t kConnectorLogBytesMax = 1'024;  // per line
inline constexpr size_t kEventTypeBytesMax = 256;
inline constexpr size_t kSourceIdBytesMax = 256;  // longer ids are stored as their hash
inline constexpr size_t kConnectorBodyBytesMax = 8 * 1024 * 1024;  // of an HTTP request or answer
inline constexpr size_t kConnectorAnswerBytes = 1024 * 1024;       // of an answer, if none is named
inline constexpr size_t kConnectorResultBytesMax = 1024 * 1024;    // of an action
inline constexpr size_t kConnectorFieldsMax = 5'000;   // of an object; Salesforce allows 800
inline constexpr size_t kConnectorOptionsMax = 1'000;  // of a field
inline constexpr size_t kConnectorHooksMax = 1'000;
inline constexpr size_t kConnectorTextBytesMax = 4 * 1024;  // names, labels, URLs, cursors
inline constexpr size_t kConnectorTokenBytesMax = 16 * 1024;
inline constexpr size_t kConnectorReplyBytesMax = 64 * 1024;  // a form of Slack's is 50 KB
inline constexpr size_t kConnectorKvKeyBytesMax = 256;
inline constexpr size_t kConnectorKvValueBytesMax = 64 * 1024;
inline constexpr size_t kConnectorKvPageMax = 100;
inline constexpr size_t kConnectorMetricsMax = 100;  // names and label sets of a connector
inline constexpr size_t kConnectorMetricNameBytesMax = 48;
inline constexpr size_t kConnectorLabelsMax = 4;
inline constexpr size_t kConnectorLabelBytesMax = 64;

// -- Bundles of connectors (the largest file is the .so; Go's and Rust's runtimes are a few MiB)
inline constexpr size_t kBundleBytesMax = 64 * 1024 * 1024;
inline constexpr size_t kBundleFilesMax = 256;
inline constexpr size_t kBundleNameBytesMax = 100;         // ustar's name field
inline constexpr size_t kBundleListBytesMax = 128 * 1024;  // BUNDLE.json: 300 bytes a file
inline constexpr size_t kBundleSignatureBytesMax = 16 * 1024;
inline constexpr size_t kBundleVersionsKept = 5;                // of one connector, for rollback
inline constexpr size_t kTrustFileBytesMax = 16 * 1024 * 1024;  // index, keys, revocations
inline constexpr size_t kRevocationsMax = 50'000;
inline constexpr size_t kCapabilityHostsMax = 64;  // more is no list a person reads
inline constexpr size_t kCapabilityNamesMax = 32;  // credentials, exposed secrets
inline constexpr int64_t kConnectorKvBytesMax = 64 * 1024 * 1024;
inline constexpr int64_t kConnectorMemoryMibMax = 4 * 1024;
inline constexpr int64_t kConnectorActionMs = 30'000;

// -- Connectors in processes of their own
inline constexpr size_t kFrameInlineBytesMax = 64 * 1024;   // larger ones travel as sealed memory
inline constexpr size_t kFrameBytesMax = 32 * 1024 * 1024;  // twice the arena of a call
inline constexpr size_t kFrameQueueBytes = 1024 * 1024;     // asked of the kernel, per direction
inline constexpr size_t kConnectorCallsInFlight = 32;       // per process; a flow batch is 16
inline constexpr int64_t kConnectorKillMs = 1'000;          // wall time of a 250 ms call, crowded
inline constexpr int64_t kConnectorStartMs = 10'000;        // start, dlopen, open; 10 ms as a rule
inline constexpr size_t kConnectorMemoryBytes = 256 * 1024 * 1024;  // of addresses, beside budgets
inline constexpr size_t kConnectorGoMemoryBytes = 4ULL * 1024 * 1024 * 1024;  // Go reserves ahead
inline constexpr size_t kConnectorFilesMax = 16;        // open at once; it needs five
inline constexpr int64_t kConnectorBackoffMinMs = 100;  // between two starts after a crash
inline constexpr int64_t kConnectorBackoffMaxMs = 30'000;
inline constexpr size_t kConnectorActionProcesses = 4;    // calls with I/O at once, of a version
inline constexpr int64_t kConnectorIdleWatchMs = 10'000;  // how often idle ones are looked at
inline constexpr int64_t kConnectorIdleCpuMs = 1'000;     // used between two looks: it is ended
inline constexpr size_t kConnectorCrashesMax = 5;         // within the window: quarantine
inline constexpr int64_t kConnectorCrashWindowMs = 10 * 60 * 1000;

// -- Configuration
inline constexpr size_t kConfigFileBytesMax = 1024 * 1024;
inline constexpr size_t kConfigDepthMax = 32;       // the shapes use six
inline constexpr size_t kConfigNodesMax = 100'000;  // values in one file
inline constexpr size_t kSecretBytesMax = 16 * 1024;
inline constexpr size_t kRetriesMax = 32;  // entries of one retry schedule

// -- Vault (values rest as documents of the store, read one integration at a time: tens of them)
inline constexpr size_t kSecureHeapBytes = 256 * 1024;   // locked memory; a power of two
inline constexpr uint64_t kSealsPerKeyMax = 1ULL << 28;  // SP 800-38D allows 2^32
inline constexpr uint64_t kSealsReserved = 1ULL << 16;   // counted ahead: no crash forgets one
inline constexpr size_t kSecretFieldBytesMax = 64;       // of a field's name
inline constexpr size_t kSecretsPerOwnerMax = 64;        // of an integration or destination
inline constexpr size_t kVaultOwnersMax = 10'000;        // integrations, destinations with any
inline constexpr size_t kKeyFileBytesMax = 16 * 1024;
inline constexpr size_t kKeysPerFileMax = 64;  // the current key and its predecessors

// -- Actions (each waits for a provider on a thread of its own)
inline constexpr size_t kActionThreads = 16;
inline constexpr size_t kActionsWaitingMax = 2'048;              // beyond it 503
inline constexpr int64_t kActionJournalMs = 72LL * 3600 * 1000;  // an idempotency key is known
inline constexpr size_t kActionJournalBytesMax = 256 * 1024;     // of a kept answer
inline constexpr size_t kIdempotencyKeyBytesMax = 255;

// -- OAuth
inline constexpr int64_t kOauthStateMs = 10 * 60 * 1000;  // a person logs in and consents
inline constexpr size_t kOauthPendingMax = 1'000;         // logins under way
inline constexpr int64_t kOauthAheadMs = 5 * 60 * 1000;   // a token is renewed before it ends
inline constexpr int64_t kOauthRetryMs = 1'000;           // between two tries of a renewal
inline constexpr int64_t kOauthTimeoutMs = 15'000;        // of one token request
inline constexpr size_t kOauthAnswerBytesMax = 64 * 1024;

// -- Admin
inline constexpr size_t kPageMax = 250;
inline constexpr size_t kPageDefault = 50;

}  // namespace junctor::limits
