"""What everything stands on: settings, errors, validation, the scheduler, the result cache."""
