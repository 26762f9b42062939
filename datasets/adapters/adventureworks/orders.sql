-- Both channels. A territory sells for the organisation of its name; the United Kingdom has none and counts with
-- European Operations. A territory not listed keeps an empty unit, and opening the books says so.
-- Requested is the source's due date: the order date plus 12 days on every line (9 lines: 13).
WITH sales AS (
    SELECT s.* EXCLUDE (CustomerKey), c.CustomerAlternateKey AS customer
    FROM FactInternetSales s LEFT JOIN DimCustomer c ON c.CustomerKey = s.CustomerKey
    UNION ALL BY NAME
    SELECT s.* EXCLUDE (ResellerKey, EmployeeKey), r.ResellerAlternateKey AS customer
    FROM FactResellerSales s LEFT JOIN DimReseller r ON r.ResellerKey = s.ResellerKey
)
SELECT
    s.SalesOrderNumber AS "order",
    s.SalesOrderLineNumber AS line,
    s.customer,
    CASE t.SalesTerritoryRegion
        WHEN 'Northeast' THEN 'northeast'
        WHEN 'Northwest' THEN 'northwest'
        WHEN 'Central' THEN 'central'
        WHEN 'Southeast' THEN 'southeast'
        WHEN 'Southwest' THEN 'southwest'
        WHEN 'Canada' THEN 'canadian'
        WHEN 'France' THEN 'france'
        WHEN 'Germany' THEN 'germany'
        WHEN 'United Kingdom' THEN 'european'
        WHEN 'Australia' THEN 'australia'
    END AS unit,
    CAST(s.ProductKey AS VARCHAR) AS product,
    CAST(s.OrderDate AS DATE) AS ordered,
    CAST(s.DueDate AS DATE) AS requested,
    s.OrderQuantity AS quantity,
    s.UnitPrice AS price,
    CAST(s.UnitPriceDiscountPct AS DECIMAL(19, 8)) AS discount,
    s.ProductStandardCost AS cost
FROM sales s
LEFT JOIN DimSalesTerritory t ON t.SalesTerritoryKey = s.SalesTerritoryKey
ORDER BY "order", line
