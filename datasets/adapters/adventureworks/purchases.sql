-- Purchase order lines of the operational database. Its dates lie 4,170 days later than the warehouse's: by that
-- many days the exchange rates of the two databases, which hold the same rates, are apart on every day. All dates
-- are moved back by it, so that a month is the same month in every table.
-- Received: the source records quantities received but no date of receipt; the date is the order's ship date.
-- Promised is left out: the ship date is a constant number of days after the order, so punctuality would be too.
-- Products are known to the warehouse by product number; where it has several versions, the latest is meant.
WITH versions AS (
    SELECT ProductAlternateKey, MAX(ProductKey) AS ProductKey FROM DimProduct GROUP BY ProductAlternateKey
)
SELECT
    d.PurchaseOrderID AS purchase,
    CAST(d.PurchaseOrderDetailID AS BIGINT) AS line,
    h.VendorID AS supplier,
    'adventureworks-cycle' AS unit,
    CAST(v.ProductKey AS VARCHAR) AS product,
    CAST(CAST(h.OrderDate AS TIMESTAMP) AS DATE) - 4170 AS ordered,
    CAST(CAST(h.ShipDate AS TIMESTAMP) AS DATE) - 4170 AS received,
    CAST(d.OrderQty AS DECIMAL(19, 4)) AS quantity,
    CAST(d.ReceivedQty AS DECIMAL(19, 4)) AS received_quantity,
    CAST(d.RejectedQty AS DECIMAL(19, 4)) AS rejected_quantity,
    CAST(d.UnitPrice AS DECIMAL(19, 4)) AS price
FROM PurchaseOrderDetail d
LEFT JOIN PurchaseOrderHeader h ON h.PurchaseOrderID = d.PurchaseOrderID
LEFT JOIN Product p ON p.ProductID = d.ProductID
LEFT JOIN versions v ON v.ProductAlternateKey = p.ProductNumber
ORDER BY line
