# Keys, budgets, limits, spend, prices and the cache: what the module litellm has beside the way of a call.

# A file that a program carries with it, as a function that gives its text.
function(embed_text file variable template output)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(READ ${file} ${variable})
  configure_file(${template} ${output} @ONLY)
endfunction()
embed_text(${CMAKE_CURRENT_SOURCE_DIR}/prices/prices.json PRICES prices/prices.cpp.in ${CMAKE_CURRENT_BINARY_DIR}/prices.cpp)

set(LEDGER_SOURCES ${CMAKE_CURRENT_BINARY_DIR}/prices.cpp config/ledger_config.cpp
  domain/admission_plan.cpp domain/budget_period.cpp domain/day_sums.cpp domain/entity.cpp
  domain/model_access.cpp domain/money.cpp domain/price_table.cpp domain/record_fields.cpp domain/route_class.cpp
  handlers/entities.cpp handlers/keys.cpp handlers/management.cpp handlers/spend.cpp
  ledger/admission.cpp ledger/courier.cpp ledger/ledger.cpp ledger/records.cpp ledger/scripts.cpp
  ledger/spend_metrics.cpp ledger/spend_reader.cpp ledger/spool.cpp ledger/spool_segment.cpp ledger/store.cpp)
set(LEDGER_TESTS domain/breaker_test.cpp domain/budget_period_test.cpp domain/money_test.cpp ledger/spool_test.cpp)
