-- An order is shipped whole: each of its lines is one delivery on the order's shipping date.
-- Orders without that date are not shipped yet: deliveries.rejected.sql counts them.
SELECT
    d.OrderID || '-' || d.ProductID AS delivery,
    CAST(d.OrderID AS VARCHAR) AS "order",
    d.ProductID AS line,
    o.CustomerID AS customer,
    LOWER(e.Country) AS unit,
    CAST(d.ProductID AS VARCHAR) AS product,
    CAST(LEFT(o.ShippedDate, 10) AS DATE) AS shipped,
    d.Quantity AS quantity,
    CAST(CAST(d.UnitPrice AS DECIMAL(9, 4)) * CAST(d.Quantity AS DECIMAL(9, 0))
        * (1 - CAST(d.Discount AS DECIMAL(5, 4))) AS DECIMAL(19, 4)) AS amount
FROM OrderDetails d
LEFT JOIN Orders o ON o.OrderID = d.OrderID
LEFT JOIN Employees e ON e.EmployeeID = o.EmployeeID
WHERE o.ShippedDate IS NOT NULL
ORDER BY d.OrderID, d.ProductID
