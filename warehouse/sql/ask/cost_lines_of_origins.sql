-- The cost lines of some origins of one period, the dearest of each first, with the load and the file of each.
-- An origin is what charge_groups sums by, its owner included: lines that others own are not its.
-- $period: VARCHAR  billing period, YYYY-MM
-- $properties: VARCHAR[]  properties that a rule looks at, as in charge_kinds
-- $tag_paths: VARCHAR[]  JSON paths of the tags that a rule looks at, as in charge_kinds
-- periods $period
-- input machine(kind VARCHAR, name VARCHAR, pool VARCHAR, machine_host VARCHAR, accelerator_model VARCHAR, accelerator_count INTEGER, begins TIMESTAMPTZ, ends TIMESTAMPTZ, reach TIMESTAMPTZ)  answer of machine_times
-- input owner(provider VARCHAR, billing_account VARCHAR, sub_account VARCHAR, service VARCHAR, resource VARCHAR, pool VARCHAR, charge_category VARCHAR, commitment_status VARCHAR, commitment VARCHAR, reservation VARCHAR, tag_values VARCHAR, team VARCHAR, shared_pool VARCHAR)  who pays for each kind: a team, or those who share a pool
-- input origin(number INTEGER, wanted INTEGER, charge_day DATE, charge_days INTEGER, pool VARCHAR, provider VARCHAR, account VARCHAR, service VARCHAR, sku VARCHAR, charge_category VARCHAR, commitment_status VARCHAR, currency VARCHAR, invoice_issuer VARCHAR, invoice VARCHAR, commitment VARCHAR, accelerator_model VARCHAR, owner VARCHAR, contracted_unknown INTEGER, list_unknown INTEGER)  the origins, each with its number and how many lines of it are wanted
-- with charge, owned
WITH found AS (
    SELECT
        origin.number, origin.wanted, x_LoadId, x_SourceId, x_FileId, x_RecordNumber,
        ChargePeriodStart, ChargeDescription, ResourceId, ResourceName, SkuId, BilledCost,
        EffectiveCost, ContractedCost, ListCost,
        row_number() OVER (
            PARTITION BY origin.number
            ORDER BY abs(EffectiveCost) DESC NULLS LAST, x_SourceId, x_FileId NULLS LAST,
                x_RecordNumber NULLS LAST
        ) AS place
    FROM owned JOIN origin
        ON owned.charge_day IS NOT DISTINCT FROM origin.charge_day
        AND owned.charge_days IS NOT DISTINCT FROM origin.charge_days
        AND owned.shared_pool IS NOT DISTINCT FROM origin.pool
        AND CASE WHEN owned.shared_pool IS NULL THEN coalesce(owned.team, 'unallocated') END
            IS NOT DISTINCT FROM origin.owner
        AND ServiceProviderName IS NOT DISTINCT FROM origin.provider
        AND coalesce(SubAccountId, BillingAccountId) IS NOT DISTINCT FROM origin.account
        AND ServiceName IS NOT DISTINCT FROM origin.service
        AND coalesce(SkuId, SkuPriceId) IS NOT DISTINCT FROM origin.sku
        AND owned.ChargeCategory IS NOT DISTINCT FROM origin.charge_category
        AND owned.commitment_state IS NOT DISTINCT FROM origin.commitment_status
        AND BillingCurrency IS NOT DISTINCT FROM origin.currency
        AND InvoiceIssuerName IS NOT DISTINCT FROM origin.invoice_issuer
        AND InvoiceId IS NOT DISTINCT FROM origin.invoice
        AND owned.commitment_id IS NOT DISTINCT FROM origin.commitment
        AND x_AcceleratorModel IS NOT DISTINCT FROM origin.accelerator_model
        AND CASE WHEN ContractedCost IS NULL THEN 1 ELSE 0 END = origin.contracted_unknown
        AND CASE WHEN ListCost IS NULL THEN 1 ELSE 0 END = origin.list_unknown
)
SELECT
    number, x_LoadId, x_SourceId, x_FileId, x_RecordNumber, ChargePeriodStart,
    ChargeDescription, ResourceId, ResourceName, SkuId, BilledCost, EffectiveCost,
    ContractedCost, ListCost
FROM found WHERE place <= wanted
ORDER BY number, place
