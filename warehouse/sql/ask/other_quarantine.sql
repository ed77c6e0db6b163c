-- Rows set aside in one period of a source that came from other files than those named.
-- $source: VARCHAR  the source and kind, as aws:focus
-- $period: VARCHAR  the period, empty where it could not be read
-- $names: VARCHAR[]  names of files
-- periods $period
SELECT kind, file_name, record_number, reason, record, billed_cost, effective_cost, currency,
    x_LoadId, x_FileId, x_RecordNumber
FROM quarantine
WHERE x_SourceId = $source AND x_BillingPeriod = $period AND NOT list_contains($names, file_name)
