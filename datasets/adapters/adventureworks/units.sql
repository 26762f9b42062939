-- Every organisation is a unit. Its short name is its name without "Division" or "Operations".
WITH organisations AS (
    SELECT
        OrganizationKey,
        ParentOrganizationKey,
        REPLACE(LOWER(REGEXP_REPLACE(OrganizationName, ' (Division|Operations)$', '')), ' ', '-') AS unit,
        OrganizationName AS name,
        CAST(PercentageOfOwnership AS DECIMAL(19, 8)) AS ownership,
        CurrencyKey
    FROM DimOrganization
)
SELECT
    o.unit,
    o.name,
    parent.unit AS parent,
    CASE
        WHEN o.ParentOrganizationKey IS NULL THEN 'company'
        WHEN o.OrganizationKey IN (SELECT ParentOrganizationKey FROM DimOrganization) THEN 'region'
        ELSE 'division'
    END AS kind,
    c.CurrencyAlternateKey AS currency,
    o.ownership
FROM organisations o
LEFT JOIN organisations parent ON parent.OrganizationKey = o.ParentOrganizationKey
LEFT JOIN DimCurrency c ON c.CurrencyKey = o.CurrencyKey
ORDER BY o.unit
