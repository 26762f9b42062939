-- One delivery for each order line: the source has no partial deliveries and no returns.
-- Shipped is the ORDER date, the day the goods leave the company's own stock records: units out of
-- FactProductInventory equal units ordered for every product and day, and the ledger's sales follow the order dates.
-- The column ShipDate is the order date plus 7 days (9 lines: 8) and agrees with neither.
-- So nothing here says how an order was fulfilled, and order and line are left out on purpose: on time, cycle time
-- and backlog are then unknown, where they would otherwise come out as constants. The delivery's number shows both.
WITH sales AS (
    SELECT s.* EXCLUDE (CustomerKey), c.CustomerAlternateKey AS customer
    FROM FactInternetSales s LEFT JOIN DimCustomer c ON c.CustomerKey = s.CustomerKey
    UNION ALL BY NAME
    SELECT s.* EXCLUDE (ResellerKey, EmployeeKey), r.ResellerAlternateKey AS customer
    FROM FactResellerSales s LEFT JOIN DimReseller r ON r.ResellerKey = s.ResellerKey
)
SELECT
    s.SalesOrderNumber || '-' || s.SalesOrderLineNumber AS delivery,
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
    CAST(s.OrderDate AS DATE) AS shipped,
    s.OrderQuantity AS quantity,
    s.SalesAmount AS amount,
    s.TotalProductCost AS cost
FROM sales s
LEFT JOIN DimSalesTerritory t ON t.SalesTerritoryKey = s.SalesTerritoryKey
ORDER BY delivery
