package asdtest

// The settings and statistics that a namespace of Community Edition 8.1 with memory
// storage shows right after its start, by name. What follows from the records, such
// as objects, is computed.

// namespaceStatistics are the statistics of a namespace.
func namespaceStatistics() string {
	return "ns_cluster_size=1;effective_replication_factor=1;objects=36;tombstones=0;xdr_tombstones=0;" +
		"xdr_bin_cemeteries=0;master_objects=36;master_tombstones=0;prole_objects=0;prole_tombstones=0;" +
		"non_replica_objects=0;non_replica_tombstones=0;unreplicated_records=0;dead_partitions=0;" +
		"unavailable_partitions=0;auto_revived_partitions=0;clock_skew_stop_writes=false;stop_writes=false;" +
		"hwm_breached=false;current_time=533148493;non_expirable_objects=0;expired_objects=0;evicted_objects=0;" +
		"evict_ttl=0;evict_void_time=0;smd_evict_void_time=0;nsup_cycle_duration=0;nsup_cycle_deleted_pct=0.00;" +
		"nsup_xdr_key_busy=0;truncate_lut=0;truncating=false;sindex_gc_cleaned=0;xmem_id=0;index_used_bytes=2304;" +
		"set_index_used_bytes=0;sindex_used_bytes=0;data_total_bytes=1073741824;data_used_bytes=14416;" +
		"data_used_pct=0;data_avail_pct=87;data_compression_ratio=1.000;record_proto_uncompressed_pct=0.000;" +
		"record_proto_compression_ratio=1.000;query_proto_uncompressed_pct=0.000;" +
		"query_proto_compression_ratio=1.000;pending_quiesce=false;effective_is_quiesced=false;nodes_quiesced=0;" +
		"effective_prefer_uniform_balance=false;effective_active_rack=0;migrate_tx_partitions_imbalance=0;" +
		"migrate_tx_instances=0;migrate_rx_instances=0;migrate_tx_partitions_active=0;" +
		"migrate_rx_partitions_active=0;migrate_tx_partitions_initial=0;migrate_tx_partitions_remaining=0;" +
		"migrate_tx_partitions_lead_remaining=0;migrate_rx_partitions_initial=0;migrate_rx_partitions_remaining=0;" +
		"migrate_records_skipped=0;migrate_records_transmitted=0;migrate_record_retransmits=0;" +
		"migrate_record_receives=0;migrate_records_unreadable=0;migrate_signals_active=0;" +
		"migrate_signals_remaining=0;migrate_fresh_partitions=4096;client_tsvc_error=0;client_tsvc_timeout=0;" +
		"client_read_success=1004;client_read_error=0;client_read_timeout=0;client_read_not_found=9;" +
		"client_read_filtered_out=0;client_write_success=311;client_write_error=0;client_write_timeout=0;" +
		"client_write_filtered_out=0;xdr_client_write_success=0;xdr_client_write_error=0;" +
		"xdr_client_write_timeout=0;client_delete_success=51;client_delete_error=0;client_delete_timeout=0;" +
		"client_delete_not_found=0;client_delete_filtered_out=0;xdr_client_delete_success=0;" +
		"xdr_client_delete_error=0;xdr_client_delete_timeout=0;xdr_client_delete_not_found=0;fail_xdr_forbidden=0;" +
		"fail_key_busy=0;fail_xdr_key_busy=0;fail_generation=0;fail_record_too_big=0;fail_client_lost_conflict=0;" +
		"fail_xdr_lost_conflict=0;fail_mrt_blocked=0;fail_mrt_version_mismatch=0;deleted_last_bin=0;" +
		"ttl_reductions_ignored=0;ttl_reductions_applied=0"
}

// namespaceSettings are the settings of a namespace.
func namespaceSettings() string {
	return "active-rack=0;allow-ttl-without-nsup=false;apply-ttl-reductions=true;auto-revive=false;" +
		"background-query-max-rps=10000;conflict-resolution-policy=generation;conflict-resolve-writes=false;" +
		"default-read-touch-ttl-pct=0;default-ttl=0;disable-cold-start-eviction=false;disable-mrt-writes=false;" +
		"disable-write-dup-res=false;disallow-expunge=false;disallow-null-setname=false;" +
		"enable-benchmarks-batch-sub=false;enable-benchmarks-ops-sub=false;enable-benchmarks-read=false;" +
		"enable-benchmarks-udf=false;enable-benchmarks-udf-sub=false;enable-benchmarks-write=false;" +
		"enable-hist-proxy=false;evict-hist-buckets=10000;evict-indexes-memory-pct=0;evict-tenths-pct=5;" +
		"force-long-queries=false;ignore-migrate-fill-delay=false;index-stage-size=1073741824;" +
		"indexes-memory-budget=0;inline-short-queries=false;max-record-size=1048576;migrate-order=5;" +
		"migrate-retransmit-ms=5000;migrate-skip-unreadable=false;migrate-sleep=1;mrt-duration=0;" +
		"nsup-hist-period=3600;nsup-period=0;nsup-threads=1;partition-tree-sprigs=256;prefer-uniform-balance=false;" +
		"rack-id=0;read-consistency-level-override=off;reject-non-xdr-writes=false;reject-xdr-writes=false;" +
		"replication-factor=1;sindex-stage-size=1073741824;single-query-threads=4;stop-writes-sys-memory-pct=90;" +
		"strong-consistency=false;strong-consistency-allow-expunge=false;tomb-raider-eligible-age=86400;" +
		"tomb-raider-period=86400;transaction-pending-limit=20;truncate-threads=4;write-commit-level-override=off;" +
		"xdr-bin-tombstone-ttl=86400;xdr-tomb-raider-period=120;xdr-tomb-raider-threads=1;" +
		"geo2dsphere-within.strict=true;geo2dsphere-within.min-level=1;geo2dsphere-within.max-level=20;" +
		"geo2dsphere-within.max-cells=12;geo2dsphere-within.level-mod=1;" +
		"geo2dsphere-within.earth-radius-meters=6371000;index-type=mem;sindex-type=mem;storage-engine=memory;" +
		"storage-engine.commit-to-device=false;storage-engine.compression=none;" +
		"storage-engine.compression-acceleration=0;storage-engine.compression-level=0;" +
		"storage-engine.data-size=1073741824;storage-engine.defrag-lwm-pct=50;storage-engine.defrag-queue-min=0;" +
		"storage-engine.defrag-sleep=1000;storage-engine.defrag-startup-minimum=0;" +
		"storage-engine.direct-files=false;storage-engine.disable-odsync=false;" +
		"storage-engine.enable-benchmarks-storage=false;storage-engine.encryption-key-file=null;" +
		"storage-engine.encryption-old-key-file=null;storage-engine.evict-used-pct=0;storage-engine.filesize=0;" +
		"storage-engine.flush-max-ms=1000;storage-engine.max-write-cache=67108864;" +
		"storage-engine.stop-writes-avail-pct=5;storage-engine.stop-writes-used-pct=70;" +
		"storage-engine.tomb-raider-sleep=1000"
}

// serviceSettings are the settings of a node.
func serviceSettings() string {
	return "advertise-ipv6=false;auto-pin=none;batch-index-threads=2;batch-max-buffers-per-queue=255;" +
		"batch-max-requests=0;batch-max-unused-buffers=256;debug-allocations=false;disable-udf-execution=false;" +
		"enable-benchmarks-fabric=false;enable-health-check=false;enable-hist-info=false;" +
		"enforce-best-practices=false;indent-allocations=false;info-max-ms=10000;info-threads=16;" +
		"keep-caps-ssd-health=false;log-local-time=false;log-millis=false;microsecond-histograms=false;" +
		"migrate-fill-delay=0;migrate-max-num-incoming=4;migrate-threads=1;min-cluster-size=1;" +
		"node-id-interface=null;os-group-perms=false;poison-allocations=false;proto-fd-idle-ms=0;proto-fd-max=1024;" +
		"quarantine-allocations=0;query-max-done=100;query-threads-limit=128;run-as-daemon=true;" +
		"secrets-address-port=null;secrets-tls-context=null;secrets-uds-path=null;service-threads=2;" +
		"sindex-builder-threads=4;sindex-gc-period=10;stay-quiesced=false;ticker-interval=10;tls-refresh-period=0;" +
		"transaction-max-ms=1000;transaction-retry-ms=1002;vault-ca=null;vault-namespace=null;vault-path=null;" +
		"vault-token-file=null;vault-url=null"
}

// nodeStatistics are the statistics of a node.
func nodeStatistics() string {
	return "failed_best_practices=true;cluster_size=1;cluster_key=;cluster_generation=1;cluster_principal=;" +
		"cluster_min_compatibility_id=15;cluster_max_compatibility_id=15;cluster_integrity=true;" +
		"cluster_is_member=true;cluster_duplicate_nodes=null;cluster_clock_skew_stop_writes_sec=0;" +
		"cluster_clock_skew_ms=0;cluster_clock_skew_outliers=null;uptime=0;objects=36;tombstones=0;" +
		"rw_in_progress=0;proxy_in_progress=0;client_connections=0;client_connections_opened=0;" +
		"client_connections_closed=0;heartbeat_connections=0;heartbeat_connections_opened=0;" +
		"heartbeat_connections_closed=0;reaped_fds=0;info_complete=0;demarshal_error=0;early_tsvc_client_error=0;" +
		"early_tsvc_from_proxy_error=0;early_tsvc_from_proxy_batch_sub_error=0;batch_index_initiate=0;" +
		"paxos_principal=;time_since_rebalance=0;migrate_allowed=true;migrate_partitions_remaining=0"
}
