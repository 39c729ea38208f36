<?php

// Runs every test below a directory: php run.php DIRECTORY. The exit code is 1 if one fails.

declare(strict_types=1);

require dirname(__DIR__) . '/autoload.php';

$failed = 0;
$tests = 0;
$assertions = 0;
$files = glob(rtrim($argv[1] ?? 'tests', '/') . '/*Test.php');
foreach ($files as $file) {
    require $file;
    $class = basename($file, '.php');
    foreach (get_class_methods($class) as $method) {
        if (!str_starts_with($method, 'test')) {
            continue;
        }
        $case = new $class();
        $tests++;
        try {
            $case->$method();
            echo "ok    $class::$method\n";
        } catch (Throwable $error) {
            $failed++;
            $place = $error instanceof Testing\Failure ? $error->getTrace()[0] : ['file' => $error->getFile(), 'line' => $error->getLine()];
            printf("FAIL  %s::%s: %s (%s:%d)\n", $class, $method, $error->getMessage(), $place['file'], $place['line']);
        }
        $assertions += $case->assertions();
    }
}
printf("%d tests, %d assertions, %d failed\n", $tests, $assertions, $failed);
exit($failed > 0 || $tests === 0 ? 1 : 0);
