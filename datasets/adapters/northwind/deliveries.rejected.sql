-- Lines of orders that were not shipped when the data end.
SELECT
    'not shipped yet' AS reason,
    CAST(CAST(d.UnitPrice AS DECIMAL(9, 4)) * CAST(d.Quantity AS DECIMAL(9, 0))
        * (1 - CAST(d.Discount AS DECIMAL(5, 4))) AS DECIMAL(19, 4)) AS amount
FROM OrderDetails d
LEFT JOIN Orders o ON o.OrderID = d.OrderID
WHERE o.ShippedDate IS NULL
