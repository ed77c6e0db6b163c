-- The cost lines of a billing period as an allocation charges them, in the form of FOCUS 1.4: a line of one team as it
-- is, a line that several bear as one row for each of them, in the order of the lines and of those who bear them.
-- Parts are cut where two running sums meet: over the lines of an origin, and over those who bear it. What lies between
-- four such corners is one part, so that the parts of a line sum to the line, and the parts of one bearer over the lines
-- of an origin to what the allocation says; nothing is rounded twice. All of it is whole trillionths.
-- $period: VARCHAR  billing period, YYYY-MM
-- $properties: VARCHAR[]  properties that a rule looks at, as in charge_kinds
-- $tag_paths: VARCHAR[]  JSON paths of the tags that a rule looks at, as in charge_kinds
-- periods $period
-- input machine(kind VARCHAR, name VARCHAR, pool VARCHAR, machine_host VARCHAR, accelerator_model VARCHAR, accelerator_count INTEGER, begins TIMESTAMPTZ, ends TIMESTAMPTZ, reach TIMESTAMPTZ)  answer of machine_times
-- input owner(provider VARCHAR, billing_account VARCHAR, sub_account VARCHAR, service VARCHAR, resource VARCHAR, pool VARCHAR, charge_category VARCHAR, commitment_status VARCHAR, commitment VARCHAR, reservation VARCHAR, tag_values VARCHAR, team VARCHAR, shared_pool VARCHAR)  who pays for each kind: a team, or those who share a pool
-- input origin(origin BIGINT, owner VARCHAR, pool VARCHAR, charge_day DATE, charge_days INTEGER, provider VARCHAR, account VARCHAR, service VARCHAR, sku VARCHAR, charge_category VARCHAR, commitment_status VARCHAR, currency VARCHAR, invoice_issuer VARCHAR, invoice VARCHAR, commitment VARCHAR, accelerator_model VARCHAR, contracted_known BOOLEAN, list_known BOOLEAN, method VARCHAR)  origins that are split: by pool, or by the team that passes them on
-- input piece(origin BIGINT, place INTEGER, team VARCHAR, line VARCHAR, resource VARCHAR, resource_name VARCHAR, tags VARCHAR, elements VARCHAR, reach BIGINT, billed DECIMAL(38,12), effective DECIMAL(38,12), contracted DECIMAL(38,12), list DECIMAL(38,12))  who bears an origin: reach (of 10^18) and costs are what this one and those before bear together
-- with charge, owned
WITH found AS (
    SELECT owned.*, origin.origin, origin.method
    FROM owned LEFT JOIN origin
        ON owned.shared_pool IS NOT DISTINCT FROM origin.pool
        AND owned.team IS NOT DISTINCT FROM origin.owner
        AND owned.charge_day IS NOT DISTINCT FROM origin.charge_day
        AND owned.charge_days IS NOT DISTINCT FROM origin.charge_days
        AND owned.ServiceProviderName IS NOT DISTINCT FROM origin.provider
        AND coalesce(owned.SubAccountId, owned.BillingAccountId) IS NOT DISTINCT FROM origin.account
        AND owned.ServiceName IS NOT DISTINCT FROM origin.service
        AND coalesce(owned.SkuId, owned.SkuPriceId) IS NOT DISTINCT FROM origin.sku
        AND owned.ChargeCategory IS NOT DISTINCT FROM origin.charge_category
        AND owned.commitment_state IS NOT DISTINCT FROM origin.commitment_status
        AND owned.BillingCurrency IS NOT DISTINCT FROM origin.currency
        AND owned.InvoiceIssuerName IS NOT DISTINCT FROM origin.invoice_issuer
        AND owned.InvoiceId IS NOT DISTINCT FROM origin.invoice
        AND owned.commitment_id IS NOT DISTINCT FROM origin.commitment
        AND owned.x_AcceleratorModel IS NOT DISTINCT FROM origin.accelerator_model
        AND (owned.ContractedCost IS NOT NULL) = origin.contracted_known
        AND (owned.ListCost IS NOT NULL) = origin.list_known
), measured AS (
    SELECT
        *, concat_ws('/', x_SourceId, x_FileId, x_RecordNumber) AS charge_id,
        CASE WHEN origin IS NOT NULL THEN list_transform([
            BilledCost, EffectiveCost, ContractedCost, ListCost, PricingQuantity, ConsumedQuantity,
            CommitmentDiscountQuantity, PricingCurrencyEffectiveCost, x_AcceleratorHours
        ], lambda one: CAST(trunc(one) AS HUGEINT) * 1000000000000
            + CAST((one - trunc(one)) * 1000000000000 AS HUGEINT)
        ) END AS own
    FROM found
), summed AS (
    SELECT
        *,
        [sum(own[1]) OVER upto, sum(own[2]) OVER upto, sum(own[3]) OVER upto, sum(own[4]) OVER upto,
            sum(own[5]) OVER upto, sum(own[6]) OVER upto, sum(own[7]) OVER upto, sum(own[8]) OVER upto,
            sum(own[9]) OVER upto] AS sums,
        [sum(abs(own[1])) OVER upto, sum(abs(own[2])) OVER upto, sum(abs(own[3])) OVER upto,
            sum(abs(own[4])) OVER upto] AS sizes,
        [sum(own[1]) OVER whole, sum(own[2]) OVER whole, sum(own[3]) OVER whole,
            sum(own[4]) OVER whole] AS totals,
        [sum(abs(own[1])) OVER whole, sum(abs(own[2])) OVER whole, sum(abs(own[3])) OVER whole,
            sum(abs(own[4])) OVER whole] AS whole_sizes
    FROM measured
    WHERE origin IS NOT NULL
    WINDOW
        whole AS (PARTITION BY origin),
        upto AS (
            PARTITION BY origin ORDER BY x_SourceId, x_FileId, x_RecordNumber
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        )
), told AS (
    SELECT
        *, CAST(1000000000000000000 AS HUGEINT) AS one, CAST(reach AS HUGEINT) AS cut,
        list_transform([billed, effective, contracted, list], lambda cost: CAST(trunc(cost) AS HUGEINT) * 1000000000000
            + CAST((cost - trunc(cost)) * 1000000000000 AS HUGEINT)
        ) AS borne
    FROM piece
), cornered AS (
    SELECT
        summed.*, told.place, told.team AS bearer, told.line AS bearer_line, told.resource AS bearer_id,
        told.resource_name AS bearer_name, told.tags AS bearer_tags, told.elements,
        list_transform(range(1, 10), lambda n: (sums[n] // one) * cut + ((sums[n] % one) * cut) // one
            - ((sums[n] - own[n]) // one) * cut - (((sums[n] - own[n]) % one) * cut) // one
            + CASE WHEN n <= 4 AND whole_sizes[n] > 0 THEN
                ((borne[n] - (totals[n] // one) * cut - ((totals[n] % one) * cut) // one) * sizes[n])
                    // whole_sizes[n]
                - ((borne[n] - (totals[n] // one) * cut - ((totals[n] % one) * cut) // one)
                    * (sizes[n] - abs(own[n]))) // whole_sizes[n]
            ELSE 0 END
        ) AS reached
    FROM summed JOIN told ON summed.origin = told.origin
), parted AS (
    SELECT
        *, lag(reached) OVER (PARTITION BY x_SourceId, x_FileId, x_RecordNumber ORDER BY place) AS before
    FROM cornered
), cut_up AS (
    SELECT
        *, list_transform(range(1, 10), lambda n:
            CAST((reached[n] - coalesce(before[n], 0)) // 1000000000000 AS DECIMAL(38, 12))
            + CAST(CAST((reached[n] - coalesce(before[n], 0)) % 1000000000000 AS DECIMAL(26, 0))
                * CAST(0.000000000001 AS DECIMAL(12, 12)) AS DECIMAL(38, 12))
        ) AS part
    FROM parted
), charged AS (
    SELECT * REPLACE (
            part[1] AS BilledCost, part[2] AS EffectiveCost, part[3] AS ContractedCost, part[4] AS ListCost,
            part[5] AS PricingQuantity, part[6] AS ConsumedQuantity, part[7] AS CommitmentDiscountQuantity,
            part[8] AS PricingCurrencyEffectiveCost, part[9] AS x_AcceleratorHours, method AS AllocatedMethodId,
            '{"Elements":' || elements
                || coalesce(',"x_OriginMethodId":' || to_json(AllocatedMethodId), '')
                || coalesce(',"x_OriginResourceId":' || to_json(AllocatedResourceId), '')
                || '}' AS AllocatedMethodDetails,
            bearer_id AS AllocatedResourceId, bearer_name AS AllocatedResourceName,
            CASE WHEN bearer_tags IS NULL OR AllocatedTags IS NULL OR NOT json_valid(AllocatedTags)
                THEN coalesce(bearer_tags, AllocatedTags)
                ELSE CAST(json_merge_patch(AllocatedTags, bearer_tags) AS VARCHAR)
            END AS AllocatedTags
        ),
        bearer AS x_Team, bearer_line AS x_Line, shared_pool AS x_Pool, charge_id AS x_OriginChargeId,
        BilledCost AS x_OriginBilledCost
    FROM cut_up
    UNION ALL BY NAME
    SELECT
        *, coalesce(team, 'unallocated') AS x_Team,
        CASE
            WHEN coalesce(team, 'unallocated') = 'unallocated' THEN 'unallocated'
            WHEN commitment_state = 'Unused' THEN 'unused_commitment'
            ELSE 'direct'
        END AS x_Line,
        shared_pool AS x_Pool, CAST(NULL AS VARCHAR) AS x_OriginChargeId, CAST(NULL AS DECIMAL(38, 12)) AS x_OriginBilledCost
    FROM measured
    WHERE origin IS NULL
)
SELECT
    AllocatedMethodDetails, AllocatedMethodId, AllocatedResourceId, AllocatedResourceName, AllocatedTags,
    AvailabilityZone, BilledCost, BillingAccountId, BillingAccountName, BillingAccountType, BillingCurrency,
    BillingPeriodEnd, BillingPeriodStart, CapacityReservationId, CapacityReservationStatus, ChargeCategory,
    ChargeClass, ChargeDescription, ChargeFrequency, ChargePeriodEnd, ChargePeriodStart, CommitmentDiscountCategory,
    CommitmentDiscountId, CommitmentDiscountName, CommitmentDiscountQuantity, CommitmentDiscountStatus,
    CommitmentDiscountType, CommitmentDiscountUnit, CommitmentProgramEligibilityDetails, ConsumedQuantity,
    ConsumedUnit, ContractApplied, ContractedCost, ContractedUnitPrice, EffectiveCost, HostProviderName,
    InvoiceDetailId, InvoiceId, InvoiceIssuerName, ListCost, ListUnitPrice, PricingCategory, PricingCurrency,
    PricingCurrencyContractedUnitPrice, PricingCurrencyEffectiveCost, PricingCurrencyListUnitPrice, PricingQuantity,
    PricingUnit, RegionId, RegionName, ResourceId, ResourceName, ResourceType, ServiceCategory, ServiceName,
    ServiceProviderName, ServiceSubcategory, SkuId, SkuMeter, SkuPriceDetails, SkuPriceId, SubAccountId,
    SubAccountName, SubAccountType, Tags,
    COLUMNS('x_.*')
FROM charged
ORDER BY x_SourceId, x_FileId, x_RecordNumber, place
