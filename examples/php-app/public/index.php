<!doctype html>
<title>Shop</title>
<h1>Shop</h1>
<ul>
<?php foreach ($catalogue->all() as $name => $price) : ?>
  <li><?= htmlspecialchars($name) ?>: <?= $price ?></li>
<?php endforeach; ?>
</ul>
