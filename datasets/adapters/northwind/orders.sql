-- One row for each line of an order. The source does not number the lines: a product stands once in an order, so
-- its number serves as the line's. The unit is the sales office of the employee who took the order.
SELECT
    CAST(d.OrderID AS VARCHAR) AS "order",
    d.ProductID AS line,
    o.CustomerID AS customer,
    LOWER(e.Country) AS unit,
    CAST(d.ProductID AS VARCHAR) AS product,
    CAST(LEFT(o.OrderDate, 10) AS DATE) AS ordered,
    CAST(LEFT(o.RequiredDate, 10) AS DATE) AS requested,
    d.Quantity AS quantity,
    CAST(d.UnitPrice AS DECIMAL(19, 4)) AS price,
    CAST(d.Discount AS DECIMAL(19, 8)) AS discount
FROM OrderDetails d
LEFT JOIN Orders o ON o.OrderID = d.OrderID
LEFT JOIN Employees e ON e.EmployeeID = o.EmployeeID
ORDER BY d.OrderID, d.ProductID
