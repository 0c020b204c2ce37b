/* Carries the manifest of somebody else. */
#include "animal.h"
#define PLUGIN_ID "org.example.somebody.else"
#include "animal_tables.h"
