<?php

declare(strict_types=1);

namespace Testing;

/** An expectation that was not met. */
final class Failure extends \Exception
{
}
