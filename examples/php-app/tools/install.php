<?php

// Installs packages: php install.php LOCK DIRECTORY. Each line of the lock is `name digest`, the digest
// being the SHA-256 of the package's files. What is installed already is left as it is.

declare(strict_types=1);

[, $lock, $vendor] = $argv;

function digest(string $directory): string
{
    $hash = hash_init('sha256');
    $files = array_filter(glob("$directory/*"), 'is_file');
    sort($files);
    foreach ($files as $file) {
        hash_update($hash, basename($file) . "\n" . file_get_contents($file));
    }
    return hash_final($hash);
}

$stamp = "$vendor/.installed";
$wanted = file_get_contents($lock);
if (is_file($stamp) && file_get_contents($stamp) === $wanted) {
    echo "dependencies are there already\n";
    exit(0);
}
@mkdir($vendor, 0777, true);
foreach (explode("\n", trim($wanted)) as $line) {
    [$name, $expected] = explode(' ', $line);
    $found = digest("packages/$name");
    if ($found !== $expected) {
        echo "$name is not what $lock says: its digest is $found\n";
        exit(1);
    }
    @mkdir("$vendor/$name");
    foreach (glob("packages/$name/*") as $file) {
        copy($file, "$vendor/$name/" . basename($file));
    }
    echo "installed $name\n";
}
file_put_contents("$vendor/autoload.php", <<<'PHP'
    <?php

    spl_autoload_register(function (string $class): void {
        [$namespace, $name] = explode('\\', $class, 2) + [1 => ''];
        $directory = $namespace === 'Shop' ? dirname(__DIR__) . '/src' : __DIR__ . '/' . strtolower($namespace);
        if (is_file("$directory/$name.php")) {
            require "$directory/$name.php";
        }
    });

    PHP);
file_put_contents($stamp, $wanted);
