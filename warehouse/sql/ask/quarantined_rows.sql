-- How many rows of bills are set aside for one period; rows whose period cannot be read may belong to it.
-- $period: VARCHAR  billing period, YYYY-MM
SELECT count(*) AS quarantined_rows
FROM quarantine
WHERE kind = 'focus' AND x_BillingPeriod IN ($period, '')
