-- Billed cost of one billing period by provider, account, service and currency: what the lake holds, to hold
-- against the provider's own totals. The account is the one that used the service, not the one that pays.
-- $period: VARCHAR  billing period, YYYY-MM
SELECT
    ServiceProviderName AS provider,
    coalesce(SubAccountId, BillingAccountId) AS account,
    ServiceName AS service,
    BillingCurrency AS currency,
    sum(BilledCost) AS billed
FROM cost_line
WHERE x_BillingPeriod = $period
GROUP BY ServiceProviderName, coalesce(SubAccountId, BillingAccountId), ServiceName, BillingCurrency
ORDER BY ServiceProviderName, coalesce(SubAccountId, BillingAccountId), ServiceName, BillingCurrency
